/* How anything here fails: one way.
 *
 * Whatever can fail returns `const struct error *`; NULL is success, and outputs are untouched on failure. An
 * error holds one code and one line for people: what, why, what to do. Errors live in a ring of 16 a thread:
 * no one frees them, and one stays valid until 16 later errors of the same thread. To hand one to another
 * thread, copy its message.
 *
 * Programming mistakes assert; running out of memory aborts (transactions and restarts make that safe). */
#ifndef ENGABO_BASE_ERROR_H
#define ENGABO_BASE_ERROR_H

enum error_code {
	ERROR_USAGE = 1,   /* the caller's words are off: exit 64 */
	ERROR_INVALID,	   /* bytes or values that do not hold: exit 65 */
	ERROR_CONFLICT,	   /* contradicts what is already there: exit 65 */
	ERROR_NOT_FOUND,   /* exit 66 */
	ERROR_LOCKED,	   /* the hub must be unlocked first: exit 69 */
	ERROR_UNAVAILABLE, /* a peer, a relay or a role cannot be reached: exit 69 */
	ERROR_EXISTS,	   /* will not overwrite: exit 73 */
	ERROR_FULL,	   /* no room on the card: exit 74 */
	ERROR_SYSTEM,	   /* the operating system said no: exit 74 */
	ERROR_DENIED,	   /* not allowed, or a signature that does not verify: exit 77 */
	ERROR_CONFIG,	   /* exit 78 */
};

struct error {
	enum error_code code;
	char message[512]; /* one line of UTF-8, without a final newline */
};

#define MUST_CHECK __attribute__((warn_unused_result))

/* Passes a failure up to the caller; the only macro here that hides a return. */
#define TRY(call)                                                                                            \
	do {                                                                                                 \
		const struct error *try_error_ = (call);                                                     \
		if (try_error_)                                                                              \
			return try_error_;                                                                   \
	} while (0)

/* Makes an error. Control characters in the message become '?', so that hostile bytes cannot forge lines. */
const struct error *error_new(enum error_code code, const char *format, ...)
	__attribute__((format(printf, 2, 3), returns_nonnull)) MUST_CHECK;

/* The same with ": <strerror(errno_value)>" behind it. ENOSPC and EDQUOT give ERROR_FULL, ENOENT gives
 * ERROR_NOT_FOUND, EACCES and EPERM give ERROR_DENIED, EEXIST gives ERROR_EXISTS, all others ERROR_SYSTEM. */
const struct error *error_system(int errno_value, const char *format, ...)
	__attribute__((format(printf, 2, 3), returns_nonnull)) MUST_CHECK;

/* Puts "<context>: " before the message of `cause`, with its code. */
const struct error *error_wrap(const struct error *cause, const char *format, ...)
	__attribute__((format(printf, 2, 3), returns_nonnull)) MUST_CHECK;

#ifdef __clang_analyzer__ /* it does not look at returns_nonnull: show it that a failure is never NULL */
extern const struct error error_any;
void error_uses(int, ...);
void error_wraps(const struct error *, ...);
#define error_new(...) (error_uses(__VA_ARGS__), &error_any)
#define error_system(...) (error_uses(__VA_ARGS__), &error_any)
#define error_wrap(...) (error_wraps(__VA_ARGS__), &error_any)
#endif

/* The exit status of sysexits.h for a code; 0 for NULL. */
int error_exit_status(const struct error *error);

/* For a failure that is looked at and then deliberately let go. */
static inline void error_ignore(const struct error *error)
{
	(void)error;
}

#endif
