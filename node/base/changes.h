/* Tells when files that others write may have changed, without looking at them again and again. */
#ifndef ENGABO_BASE_CHANGES_H
#define ENGABO_BASE_CHANGES_H

#include <stdbool.h>
#include <stddef.h>

/* A descriptor that is readable once one of these files may have been written, replaced, removed or made, or
 * a directory or symbolic link on the way to it has ("" for no file). It says so once: close it, open the
 * next, and then look, so that nothing happens unseen in between. -1: the system watches nothing more.
 *
 * *are_all: false where some of it cannot be watched (what may not be read); look there now and then. */
int changes_open(const char *const *paths, size_t count, bool *are_all);

#endif
