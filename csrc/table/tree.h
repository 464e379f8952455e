/* The one law by which a long sum is halved.
 *
 * Its n terms are cut from the first on into runs of r terms, of which the last may be shorter; a loop sums each run in
 * its own way.  Runs are joined as a tree: the left part holds the largest power of two of runs that leaves a right
 * part, and each part is halved in the same way until one run is left.  So
 *
 *   - the tree follows from n and r alone, and its depth is the logarithm of the number of runs, rounded up;
 *   - 2^k runs from a multiple of 2^k on are a node of it, or would be if the sum were longer: a loop, a block or a
 *     thread may sum any of them by itself, and their sums are joined by the same law, with them as the runs.
 *
 * It stands beside the table of loops because it is, like that, a contract: loops halve what is contiguous, the floors
 * above what is not, and either must form the same tree. */
#ifndef JK_TREE_H
#define JK_TREE_H

#include <stddef.h>

static inline ptrdiff_t jk_n_runs(ptrdiff_t n, ptrdiff_t run)
{
    return n <= run ? n > 0 : n / run + (n % run != 0); /* without a division where little is summed */
}

/* Terms of the left part of n > run terms. */
static inline ptrdiff_t jk_left_part(ptrdiff_t n, ptrdiff_t run)
{
    ptrdiff_t left = run;
    while (left < n - left) left *= 2;
    return left;
}

/* How many left parts wait at once, at most, for their right parts: log2 of the number of runs, rounded down.  Of 2^k
 * runs one half waits for the other, and so on, which makes k; behind a left part of 2^k runs that is not half of all come
 * fewer than 2^k more, so that at most k - 1 wait there, and it. */
static inline int jk_n_waiting(ptrdiff_t n, ptrdiff_t run)
{
    int n_waiting = 0;
    for (ptrdiff_t reach = run; reach < n; reach += reach + run) n_waiting++; /* reach: 2^k - 1 runs */
    return n_waiting;
}

#endif
