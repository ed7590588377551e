#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The Hinomi authors
"""Prints the Debian packages that Hinomi stands on as CycloneDX 1.4 JSON.

Required are the packages whose shared libraries the programs in build/bin load; what packages.txt names beside
them is for building and marked excluded. The same system gives the same bytes: no date, no serial number.
"""
import json
import pathlib
import re
import subprocess

ROOT = pathlib.Path(__file__).resolve().parent.parent


def output(*command):
    return subprocess.run(command, check=False, capture_output=True, text=True).stdout


def named():
    for line in (ROOT / "packages.txt").read_text(encoding="utf-8").splitlines():
        name = line.split("#")[0].strip()
        if name:
            yield name


def loaded():
    """Packages of the shared libraries that our programs load."""
    files = set()
    for program in sorted((ROOT / "build/bin").glob("hinomi*")):
        if program.is_file():
            files.update(re.findall(r"=> (/\S+)", output("ldd", str(program))))
    for file in sorted(files):
        # Debian merged /lib into /usr/lib; its package lists have either name.
        for path in (file, str(pathlib.Path(file).resolve()), file.removeprefix("/usr")):
            owner = output("dpkg-query", "-S", path).split(":")[0]
            if owner:
                yield owner
                break


def component(name, scope):
    fields = "${Version}\t${Architecture}\t${Homepage}"
    version, arch, home = (output("dpkg-query", "-W", "-f", fields, name) or "\t\t").split("\t")[:3]
    entry = {"type": "library", "name": name, "version": version, "scope": scope}
    if version:
        entry["purl"] = f"pkg:deb/debian/{name}@{version.replace('+', '%2B').replace(':', '%3A')}?arch={arch}&distro=debian-12"
    if home:
        entry["externalReferences"] = [{"type": "website", "url": home}]
    return entry


def main():
    version = re.search(r"version: '([^']+)'", (ROOT / "meson.build").read_text(encoding="utf-8"))[1]
    required = set(loaded())
    components = [component(name, "required") for name in sorted(required)]
    components += [component(name, "excluded") for name in sorted(set(named()) - required)]
    print(json.dumps({
        "bomFormat": "CycloneDX",
        "specVersion": "1.4",
        "version": 1,
        "metadata": {"component": {
            "type": "application", "name": "hinomi", "version": version,
            "licenses": [{"license": {"id": "Apache-2.0"}}],
        }},
        "components": components,
    }, indent=2))


if __name__ == "__main__":
    main()
