/* The commands of this folder, for the table in node/main.c; one file each. */
#ifndef ENGABO_SYNC_COMMANDS_COMMANDS_H
#define ENGABO_SYNC_COMMANDS_COMMANDS_H

#include "node/base/command.h"

extern const struct command command_remote;
extern const struct command command_sync;
extern const struct command command_status;
extern const struct command command_urgent;

#endif
