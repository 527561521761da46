/* If standard output is closed, Rust opens /dev/null in its place before `main`, and `zoho token >&-` would succeed
   without printing anything. This runs earlier and opens /dev/null for reading, so that a write fails. */

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

__attribute__((constructor)) static void keep_stdout_closed(void) {
    if (fcntl(STDOUT_FILENO, F_GETFD) != -1 || errno != EBADF) {
        return;
    }
    int unwritable = open("/dev/null", O_RDONLY);
    if (unwritable == -1 || unwritable == STDOUT_FILENO) {
        return;
    }
    dup2(unwritable, STDOUT_FILENO);
    /* 0 and 2 were closed, too; this is what Rust would open for them. */
    if (unwritable > STDERR_FILENO) {
        close(unwritable);
    }
}
