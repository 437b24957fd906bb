/* engabo.conf: INI by inih; an unknown section or key, or a bad value, is an error that names file and line.
 *
 * Read in this order, later wins: /etc/engabo/engabo.conf, /etc/engabo/conf.d/<*.conf by name>,
 * <state>/engabo.conf, <state>/settings.conf. The last is written by the office's page /settings and may hold
 * only the keys that are settable there; it is lost rather than believed when it is not well written, because
 * any role can write there, and no role may be stopped by it. Every key has a default that works offline. The
 * table in config.c is the list of keys; README.md shows it. */
#ifndef ENGABO_BASE_CONFIG_H
#define ENGABO_BASE_CONFIG_H

#include <stdbool.h>

#include "node/base/error.h"
#include "node/base/memory.h"

/* How the public reaches the form; a workshop is opened for some hours beside it (web/way.h). */
enum form_way {
	FORM_HTTPS,   /* over https with the hub's own certificate: phones warn; until one of the others is
			 chosen */
	FORM_PUBLIC,  /* over https with a certificate that phones know: intake.certificate */
	FORM_COUNTER, /* on a device of the office that trusts the hub's CA */
};

struct config {
	struct {
		char *name;   /* how staff and other hubs call it, e.g. "Gulu" */
		char *code;   /* "GUL", in front of case references */
		char *region; /* e.g. "Acholi" */
	} hub;
	struct {
		int http, https;     /* ports: 8080, 8443 */
		char *name;	     /* shown on the public pages; neutral by default: "this office" */
		char *phone;	     /* numbers to call in danger, shown on the receipt; empty by default */
		int reports_an_hour; /* in all: 300; 0 = no limit (bench) */
		int reports_an_address;	    /* an hour: 20 */
		int photos_megabytes_a_day; /* in all: 200; 0 = none are taken */
		int token_seconds;	    /* a form token must be at least so old: 5 */
		char *languages;    /* codes of those on the first page and on the poster: "en lg sw ach" */
		bool captive;	    /* yes: phones that join the Wi-Fi are offered the page */
		enum form_way form; /* "https", "public" or "counter" */
		char *certificate, *key; /* of FORM_PUBLIC: PEM files; empty by default */
	} intake;
	struct {
		char *name; /* of the Wi-Fi by which phones come, for /connect and the poster; "": not said */
		char *interface; /* its device, "wlan0": a workshop is for who comes by it; "": any private
				    network */
		char *password;	 /* of 8 to 63 characters; "": none */
	} wifi;
	struct {
		int https;	   /* 9443 */
		int idle_minutes;  /* 15 */
		int session_hours; /* 8 */
		int lock_minutes;  /* 60: lock after so long without staff */
	} office;
	struct {
		int https;	      /* 7443 */
		int interval_minutes; /* 15: polls of remotes when nothing is known to be new */
		bool announce;	      /* yes: publish _hubsync._tcp */
	} sync;
	struct {
		char *command; /* a program that is run when something urgent waits (sync/urgent.h); "": none
				*/
		char *quiet;   /* hours in which sound is not wanted, "22:00-06:00"; "": none */
	} urgent;
	struct {
		int closed_cases_months; /* 24: proposed when a case is closed */
	} keep;
	char *address; /* [network] address: what all listen on, "::" by default (both IPv4 and IPv6) */

	/* Of settings.conf, after config_load: what would hold without it, and why it was not taken, with
	 * file and line; NULL when it was, or there is none. */
	const struct config *without_settings;
	char *settings_wrong;
};

/* "https", "public", "counter", and back; false for what is none of them. */
const char *config_way(enum form_way way);
bool config_find_way(const char *name, enum form_way *out);

/* Defaults, then the files. Strings hang on the config. `state` may hold no engabo.conf. ERROR_CONFIG names
 * file:line; what is wrong with settings.conf is in settings_wrong. */
const struct error *config_load(const void *context, const char *state, struct config **out) MUST_CHECK;
/* One file over what is there; for tests and the fuzzer. `name` is said in errors. */
const struct error *config_parse(struct config *config, const char *name, struct bytes text) MUST_CHECK;
struct config *config_defaults(const void *context);

#define CONFIG_SETTINGS "settings.conf" /* in the state directory */
/* The same for settings.conf: a key that is not settable there is an error. */
const struct error *config_parse_settings(
	struct config *config, const char *name, struct bytes text) MUST_CHECK;
/* What settings.conf must hold so that the settable keys of `config` are read back as they are, and no more:
 * what engabo.conf or a default says already stays theirs. ERROR_INVALID, naming the key, where a value would
 * not be read back. On `context`. */
const struct error *config_settings(
	const void *context, const struct config *config, struct bytes *out) MUST_CHECK;
/* The keys that settings.conf decides, "form, phone"; "" for none. On `context`. */
char *config_set_by_staff(const void *context, const struct config *config);
/* As if there were no settings.conf: for who finds more wrong with it than its form. On `context`. */
struct config *config_refuse_settings(const void *context, const struct config *config, const char *why);

/* "22:00-06:00" in minutes of the day, the end not included; false for what is no such thing. Equal ends mean
 * the whole day. */
bool config_hours(const char *text, int *from, int *to);

#endif
