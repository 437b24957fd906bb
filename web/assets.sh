#!/bin/sh
# Writes the C file that embeds the pages and their style: one EMBED a file and a table of names. Called by the Makefile.
set -eu
echo '/* Made by web/assets.sh: the files of web/templates and web/static. */'
echo '#include "web/assets.h"'
echo '#include <string.h>'
echo '#include "node/base/embed.h"'
n=0
for f in "$@"; do echo "EMBED(asset_$n, \"$f\");"; n=$((n + 1)); done
echo 'static const struct { const char *name, *data; const size_t *size; } assets[] = {'
n=0
for f in "$@"; do echo "	{\"${f#web/}\", asset_$n, &asset_${n}_size},"; n=$((n + 1)); done
echo '	{NULL, NULL, NULL},'
echo '};'
cat <<'C'
bool assets_find(const char *name, struct bytes *out)
{
	for (size_t i = 0; assets[i].name; i++)
		if (strcmp(assets[i].name, name) == 0) {
			*out = (struct bytes){(const uint8_t *)assets[i].data, *assets[i].size};
			return true;
		}
	return false;
}
C
