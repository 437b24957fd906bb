/* What a coordinator set on the page /settings, as the pages understand it: the configuration knows how a
 * setting is written, this knows which languages there are. */
#ifndef ENGABO_WEB_SETTINGS_H
#define ENGABO_WEB_SETTINGS_H

#include "node/base/home.h"

/* At start: ERROR_CONFIG when engabo.conf names a language that is none of ours. When it is settings.conf
 * that does, that file is not believed (config->settings_wrong). */
const struct error *settings_check(struct home *home) MUST_CHECK;
/* home_reload, and that. */
const struct error *settings_reload(struct home *home) MUST_CHECK;

#endif
