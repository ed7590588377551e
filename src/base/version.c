/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "base/version.h"

#include <elf.h>
#include <link.h>
#include <stdint.h>
#include <string.h>

#include "base/encode.h"

static char build_id[129];

static int find_note(struct dl_phdr_info *info, size_t size, void *unused)
{
	(void)size;
	(void)unused;
	for (size_t i = 0; i < info->dlpi_phnum; i++) {
		if (info->dlpi_phdr[i].p_type != PT_NOTE)
			continue;
		const uint8_t *at = (const uint8_t *)(info->dlpi_addr + info->dlpi_phdr[i].p_vaddr);
		const uint8_t *end = at + info->dlpi_phdr[i].p_memsz;
		while (end - at >= 12) {
			ElfW(Nhdr) note;
			memcpy(&note, at, sizeof(note));
			const uint8_t *name = at + sizeof(note);
			const uint8_t *desc = name + ((note.n_namesz + 3) & ~3u);
			if (note.n_type == NT_GNU_BUILD_ID && note.n_namesz == 4 &&
			    memcmp(name, "GNU", 4) == 0 && note.n_descsz <= 64) {
				hex_encode(desc, note.n_descsz, build_id);
				return 1;
			}
			at = desc + ((note.n_descsz + 3) & ~3u);
		}
	}
	return 1; /* the first object is the program itself */
}

const char *version_build_id(void)
{
	if (build_id[0] == '\0') {
		(void)dl_iterate_phdr(find_note, NULL);
		if (build_id[0] == '\0')
			memcpy(build_id, "unknown", 8);
	}
	return build_id;
}
