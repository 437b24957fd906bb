/* How much one evening of bad intentions may do: reports an hour in all and an address, photos a day.
 *
 * Each is a bucket that fills steadily (leaky bucket as a meter). In memory only, so no address is ever on
 * the card; at most 1,024 addresses are remembered, the one that was quiet for longest gives way.
 * Thread-safe. Times are milliseconds on the boot clock. */
#ifndef ENGABO_WEB_INTAKE_QUOTA_H
#define ENGABO_WEB_INTAKE_QUOTA_H

#include <stdbool.h>
#include <stdint.h>

#define QUOTA_BEYOND 3

struct quota;
/* On `context`. Zero: no limit. An address (limits_group) may send its number at once; after that it is
 * slowed down: one a minute (or as many an hour as its number, where that is more). Of the hub's hour,
 * anybody may use two thirds; the last is for who has sent fewer than three lately. When all of it is used,
 * an address that has sent nothing for an hour may still send one, QUOTA_BEYOND times as many in all.
 *
 * So somebody with N addresses: up to 300 of them, at 300 an hour, keep nobody from sending a first report;
 * they only make everybody's second one wait. More than 900, which one machine has where the network lets it
 * make up link-local addresses, do close the form for an hour: less than that would be telling people apart
 * who cannot be told apart, more would fill the card. */
struct quota *quota_new(const void *context, int reports_an_hour, int reports_an_address);
/* From now on so many an address. */
void quota_set_address(struct quota *quota, int reports_an_address);

/* Counts one report. 0: it may go on; else the minutes until one may be tried again (at least 1), and nothing
 * was counted. */
int quota_report(struct quota *quota, const char *address, int64_t now_ms);
/* It was not taken after all. */
void quota_report_back(struct quota *quota, const char *address);

/* Photos: so many bytes a day in all, a quarter of it an address; none until this is called. `used` is what
 * the card holds of the last day. */
void quota_photos(struct quota *quota, uint64_t bytes_a_day, uint64_t used, int64_t now_ms);
/* Counts one of so many bytes. 0: it may come; else the hours until one may be tried again, and nothing was
 * counted. */
int quota_photo(struct quota *quota, const char *address, uint64_t bytes, int64_t now_ms);
/* So much of it did not come after all. */
void quota_photo_back(struct quota *quota, const char *address, uint64_t bytes);

#endif
