/* The journal: one line each on standard error, with systemd's priority prefix when it reads along.
 *
 * Only commands, role loops and the route table log; libraries return errors. Never a case's content, a code,
 * a name or an address from intake. */
#ifndef ENGABO_BASE_LOG_H
#define ENGABO_BASE_LOG_H

/* Said in front of each line: the role's name. Call once at start. */
void log_start(const char *role);
void log_error(const char *format, ...) __attribute__((format(printf, 1, 2)));
void log_warning(const char *format, ...) __attribute__((format(printf, 1, 2)));
void log_info(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif
