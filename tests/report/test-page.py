#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""The report page: what is in the file, and what it does in Chromium where there is one."""

import base64
import hashlib
import html
import json
import re
import subprocess
import sys
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent / "host"))
sys.path.insert(0, str(Path(__file__).parent))
import browser  # noqa: E402
from hosttree import (ENDPOINT, PCIPASS, Case, drhd, rmrr, scope, smbios_onboard,  # noqa: E402
                      smbios_slot, smbios_system)

MACHINES = Path(__file__).resolve().parent.parent / "machines"
# Everything that could end a place in the page, or begin something in it.
MARKUP = "</script><script>hacked=1</script><!--\"'><img src=x onerror=hacked=1>&lt;&#60;"
# The same for what is a file's name.
NAME = MARKUP.replace("/", "\\")


def page_of(*arguments: str) -> str:
    return subprocess.run([PCIPASS, *arguments, "report", "-o", "-"], capture_output=True, check=True).stdout.decode()


def documents(page: str) -> dict:
    """The JSON in the page, by id."""
    found = re.findall(r'<script type="application/json" id="(\w+)">(.*?)</script>', page, re.DOTALL)
    return {name: json.loads(text) for name, text in found}


class OddHost(Case):
    """A host with markup in every text that comes from it."""

    def setUp(self):
        super().setUp()
        t = self.host(release="6.12.0-" + NAME.replace(" ", "_"))
        t.smbios(smbios_system(MARKUP, MARKUP), smbios_slot(2, MARKUP, 7, 0), smbios_onboard(MARKUP, 0, 0xA0))
        t.bridge("0000:00:03.0", 7, group=1, driver=NAME)
        t.device("0000:00:14.0", 0x0C0330, group=2, driver=NAME)
        t.device("0000:07:00.0", 0x010700, vendor=0x1000, device=0x0072, group=3, driver=NAME, reset=MARKUP + "\n")
        t.device("0000:07:00.1", 0x010700, vendor=0x1000, device=0x0072, group=3, driver="mpt3sas")
        t.dmar(drhd(), rmrr(0xBD000000, 0xBD000FFF, scope(ENDPOINT, 7, "00.0")))
        t.log(f"DMAR: {MARKUP}", f"pci 0000:07:00.0: DMAR: {MARKUP}")
        self.page = page_of("--from", str(t.root))


class InTheFile(OddHost):
    def test_documents_are_those_of_the_commands(self):
        found = documents(self.page)
        self.assertEqual(found["survey"], self.ask("--for", "all"))
        self.assertEqual(found["reserved"], self.ask("reserved"))
        self.assertEqual(found["groups"], self.ask("groups"))
        self.assertEqual(found["survey"]["host"]["product"], MARKUP)
        drivers = [d["driver"] for d in found["survey"]["devices"]]
        self.assertEqual(drivers, [NAME, NAME, NAME, "mpt3sas"])

    def test_nothing_of_the_host_is_markup(self):
        tags = re.findall(r"<(/?[a-zA-Z]+)", re.sub(r"(?s)<(style|script)\b.*?</\1>", r"<\1></\1>", self.page))
        plain = re.findall(r"<(/?[a-zA-Z]+)", re.sub(r"(?s)<(style|script)\b.*?</\1>", r"<\1></\1>", self.of_a_sample()))
        self.assertEqual(tags, plain)
        self.assertNotIn("<!--", self.page)
        self.assertEqual(self.page.count("<script"), 4)
        self.assertIn(html.escape(MARKUP, quote=False), self.page)

    def of_a_sample(self) -> str:
        host = self.directory / "sample.tar"
        subprocess.run([sys.executable, "-B", MACHINES / "mkmachine", MACHINES / "switch-acs.machine", "-o", host],
                       check=True)
        return page_of("--from", str(host))

    def test_policy(self):
        """The hashes are those of the one style and the one script; nothing else is allowed."""
        policy = re.search(r'Content-Security-Policy" content="([^"]*)"', self.page)[1]
        style = re.search(r"(?s)<style>(.*?)</style>", self.page)[1]
        script = re.search(r"(?s)<script>(.*?)</script>", self.page)[1]

        def digest(text: str) -> str:
            return "'sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode() + "'"

        self.assertEqual(policy, f"default-src 'none'; style-src {digest(style)}; script-src {digest(script)}; "
                                 "base-uri 'none'; form-action 'none'")
        self.assertLess(self.page.index("Content-Security-Policy"), self.page.index("<style>"))
        self.assertNotRegex(script, r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\b|\.cssText")

    def test_same_bytes(self):
        self.assertEqual(self.page, page_of("--from", str(self.tree.root)))

    def test_text_without_scripts(self):
        text = html.unescape(re.search(r"(?s)<noscript>.*?<pre>(.*?)</pre>", self.page)[1])
        shown = self.run_pcipass().stdout
        self.assertGreater(len(text.partition("\nNext: ")[0]), 500)
        self.assertEqual(text.partition("\nNext: ")[0], shown.partition("\nNext: ")[0])
        # It is sent to others: where the capture lay on this machine is nobody's business.
        self.assertNotIn(str(self.directory), self.page)

    def test_file(self):
        out = self.directory / "report.html"
        done = self.run_pcipass("report", "-o", str(out))
        self.assertEqual((done.returncode, done.stdout), (0, ""))
        self.assertIn(f"wrote {out}", done.stderr)
        self.assertEqual(out.read_text(), self.page)
        again = self.run_pcipass("report", "-o", str(out))
        self.assertEqual(again.returncode, 4)
        self.assertIn("--force", again.stderr)
        self.assertEqual(self.run_pcipass("report", "-o", str(out), "--force").returncode, 0)

    def test_refused(self):
        for arguments, words in (((), "need -o FILE"), (("-o", "x", "--kernel", "all"), "need one release"),
                                 (("-o", "x", "--json"), "does not take --json")):
            done = self.run_pcipass("report", *arguments)
            self.assertEqual(done.returncode, 2, arguments)
            self.assertIn(words, done.stderr)

    def test_no_devices(self):
        """A bare table has none: it is said, and no file is begun."""
        out = self.directory / "report.html"
        done = self.run_pcipass("report", "-o", str(out), path=self.tree.root / "sys/firmware/acpi/tables/DMAR")
        self.assertEqual(done.returncode, 3)
        self.assertIn("no devices to survey", done.stderr)
        self.assertFalse(out.exists())

    def test_groups_that_cannot_be_told(self):
        """Windows has none: the page is made all the same."""
        host = self.directory / "windows.tar"
        subprocess.run([sys.executable, "-B", MACHINES / "mkmachine", MACHINES / "dl380p-gen8.machine", "--windows",
                        "-o", host], check=True)
        found = documents(page_of("--from", str(host)))
        self.assertIsNone(found["groups"])
        self.assertTrue(found["survey"]["host"]["windows"])


@unittest.skipUnless(browser.find(), "no Chromium")
class InABrowser(OddHost):
    @classmethod
    def setUpClass(cls):
        cls.browser = browser.Browser(browser.find())
        cls.addClassCleanup(cls.browser.__exit__)

    def open(self, page: str, width: int = 1300, *, dark: bool = False, part: str = ""):
        file = self.directory / "page.html"
        file.write_text(page)
        b = self.browser
        b.size(width, 900, dark)
        b.open("about:blank")
        b.open(f"file://{file}{part}")
        self.assertEqual(b.requests(), [f"file://{file}{part.partition('#')[0]}"])
        return b

    def machine(self, name: str) -> str:
        host = self.directory / f"{name}.tar"
        recipe = ["--generate", "200"] if name == "200" else [MACHINES / f"{name}.machine"]
        subprocess.run([sys.executable, "-B", MACHINES / "mkmachine", *recipe, "-o", host], check=True)
        return page_of("--from", str(host))

    def rows(self) -> list:
        return self.browser.run("[...document.querySelectorAll('#devices tbody th')].map(e => e.textContent)")

    def nodes(self) -> list:
        return self.browser.run("[...document.querySelectorAll('#topology [data-address]')].map(e => e.dataset.address)")

    def detail(self) -> str:
        return self.browser.run("document.getElementById('detail').innerText")

    def test_markup_stays_text(self):
        b = self.open(self.page)
        self.assertEqual(b.complaints(), [])
        self.assertIs(b.run("typeof hacked === 'undefined'"), True)
        self.assertEqual(b.run("document.images.length"), 0)
        self.assertIn(MARKUP, b.run("document.querySelector('h1').textContent"))
        b.click("#topology [data-address='0000:07:00.0']")
        self.assertIn(NAME, self.detail())
        self.assertIs(b.run("typeof hacked === 'undefined'"), True)
        self.assertEqual(b.complaints(), [])

    def test_clicks_filters_and_keys(self):
        b = self.open(self.machine("dl380p-gen8"))
        every = self.rows()
        self.assertEqual(len(every), 19)
        self.assertIn("07:00.0", every)
        self.click_and_read(b)
        # three targets side by side
        cells = b.run("[...document.querySelector('#devices tr[data-address=\"0000:03:00.0\"]').cells].slice(1, 4)"
                      ".map(c => c.textContent.trim())")
        self.assertEqual(cells, ["fixable", "blocked", "fixable"])
        # search, by several words
        self.search("slot3 ixgbe")
        self.assertEqual(self.rows(), ["0a:00.0", "0a:00.1"])
        self.assertEqual(self.nodes(), ["0000:00:01.1", "0000:0a:00.0", "0000:0a:00.1"])
        self.search("nothing has this")
        self.assertEqual((self.rows(), self.nodes()), ([], []))
        self.search("")
        # by verdict, for another target
        b.click("[data-verdict='blocked-fixable']")
        self.assertEqual(len(self.rows()), 7)
        b.click("#targets button:nth-of-type(2)")
        self.assertEqual(len(self.rows()), 15)
        self.assertIn("15 of 31 devices shown", b.run("document.getElementById('shown').textContent"))
        b.click("[data-verdict='not-endpoint']")
        self.assertIn("00:1f.0", self.rows())
        self.assertEqual(b.complaints(), [])

    def click_and_read(self, b):
        b.click("#topology [data-address='0000:07:00.0']")
        detail = self.detail()
        for words in ("Broadcom / LSI SAS2308", "slot 2", "RMRDS_Slot2", "Side effect: iLO no longer sees",
                      "sudo pcipass free 07:00.0", "Rule rmrr-hard"):
            self.assertIn(words, detail)
        self.assertEqual(b.run("document.querySelectorAll('#topology [aria-selected=true]').length"), 1)
        self.assertEqual(b.run("document.activeElement.id"), "detail")
        hit = b.run("document.querySelectorAll('.region.hit').length")
        self.assertGreaterEqual(hit, 7)
        # a region names its devices, and leads back to them
        b.run("document.querySelector('.region').focus()")
        b.key("Enter")
        self.assertIn("Reserved region", self.detail())
        b.click("#detail button.link")
        self.assertIn("Findings", self.detail())

    def search(self, words: str):
        self.browser.run(f"(e => {{ e.value = {json.dumps(words)}; e.dispatchEvent(new Event('input')); }})"
                         "(document.getElementById('search'))")

    def test_keyboard(self):
        b = self.open(self.machine("dl380p-gen8"))
        focus = "document.activeElement.dataset.address || document.activeElement.getAttribute('aria-label')"
        self.assertEqual(b.run("document.querySelectorAll('#topology [tabindex=\"0\"]').length"), 1)
        b.run("document.querySelector('#topology [tabindex=\"0\"]').focus()")
        said = [b.run(focus)]
        for key in ("ArrowRight", "ArrowRight", "ArrowDown", "ArrowLeft", "End", "Home"):
            b.key(key)
            said.append(b.run(focus))
        root = "root complex, bus 0000:00"
        self.assertEqual(said, [root, "0000:00:01.0", "0000:03:00.0", "0000:03:00.1", "0000:00:01.0", "0000:20:05.0", root])
        for _ in range(2):
            b.key("ArrowRight")
        b.key("Enter")
        self.assertIn("03:00.0", self.detail())
        # Each node says by itself what the drawing shows.
        label = b.run("document.querySelector('#topology [data-address=\"0000:07:00.0\"]').getAttribute('aria-label')")
        self.assertEqual(label, "07:00.0, Broadcom / LSI SAS2308 PCI-Express Fusion-MPT SAS-2, slot 2, group 19, fixable")

    def test_large_narrow_and_dark(self):
        page = self.machine("200")
        for width, dark in ((1500, False), (390, True)):
            b = self.open(page, width, dark=dark, part="#0000:01:00.0")
            self.assertEqual(b.complaints(), [])
            self.assertEqual(len(self.rows()), 177)
            self.assertIn("01:00.0", self.detail())
            self.assertLessEqual(b.run("document.documentElement.scrollWidth"), width)
            # no text of the drawing leaves its box
            self.assertEqual(b.run("""[...document.querySelectorAll('#topology .node')].filter(n => {
                const box = n.querySelector('.box').getBBox();
                return [...n.querySelectorAll('text')].some(t => { const r = t.getBBox(); return r.x + r.width > box.x + box.width + 1; });
            }).map(n => n.textContent)"""), [])
            ink = b.run("getComputedStyle(document.body).color")
            self.assertEqual(sum(map(int, re.findall(r"\d+", ink)[:3])) > 380, dark, ink)

    def test_print(self):
        b = self.open(self.machine("dl380p-gen8"), dark=True)
        b.ask("Emulation.setEmulatedMedia", media="print", features=[])
        self.addCleanup(b.ask, "Emulation.setEmulatedMedia", media="", features=[])
        b.run("dispatchEvent(new Event('beforeprint'))")
        text = b.run("document.getElementById('print').innerText")
        for words in ("Findings for KVM", "RMRDS_Slot2", "0a:00.0, 0a:00.1", "DMAR RMRR 8 at +0x442"):
            self.assertIn(words, text)
        self.assertEqual(b.run("getComputedStyle(document.body).color"), "rgb(0, 0, 0)")
        self.assertEqual(b.run("getComputedStyle(document.getElementById('tools')).display"), "none")
        b.run("dispatchEvent(new Event('afterprint'))")
        self.assertTrue(b.pdf().startswith(b"%PDF-"))


if __name__ == "__main__":
    if not browser.find():
        print("skipped: the page in a browser: no Chromium here")
    unittest.main()
