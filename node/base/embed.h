/* Files embedded into the program at build time: EMBED(words_text, "node/vault/words.txt") defines
 *   const char words_text[]  (NUL behind it)   and   const size_t words_text_size  (without the NUL).
 * Paths are from the root of the source. The Makefile rebuilds an object when a data file of its folder
 * changes. */
#ifndef ENGABO_BASE_EMBED_H
#define ENGABO_BASE_EMBED_H

#include <stddef.h>

#define EMBED(name, file)                                                                                    \
	__asm__(".pushsection .rodata\n"                                                                     \
		".global " #name "\n.type " #name ", %object\n.balign 16\n" #name ":\n.incbin \"" file       \
		"\"\n"                                                                                       \
		".global " #name "_end\n" #name "_end:\n.byte 0\n.balign 8\n"                                \
		".global " #name "_size\n.type " #name "_size, %object\n" #name "_size:\n"                   \
		".quad " #name "_end - " #name "\n.popsection\n");                                           \
	extern const char name[];                                                                            \
	extern const size_t name##_size

#endif
