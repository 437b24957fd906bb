/* The commands of this folder, for the table in node/main.c; one file each. */
#ifndef ENGABO_WEB_COMMANDS_COMMANDS_H
#define ENGABO_WEB_COMMANDS_COMMANDS_H

#include "node/base/command.h"

extern const struct command command_init;
extern const struct command command_serve;
extern const struct command command_invite;
extern const struct command command_join;
extern const struct command command_admit;
extern const struct command command_sharing;
extern const struct command command_hubs;
extern const struct command command_user;
extern const struct command command_unlock;
extern const struct command command_lock;
extern const struct command command_report;
extern const struct command command_export;
extern const struct command command_recover;
extern const struct command command_check;
extern const struct command command_doctor;

#endif
