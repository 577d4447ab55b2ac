// The hold model on a binary heap in C, beside that of the event loop: what a machine gives without an engine around it.
// Usage: hold_heap PENDING WARM END < increments (65,536 doubles). It fires what is due up to WARM, then, timed, up
// to END, and prints the events timed, their CPU nanoseconds, and the argument and the time of the last one.
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>

enum { INCREMENTS = 65536 };

struct event {
  double time;
  double sequence;
  int32_t handler;
  int32_t argument;
};

static struct event *heap;
static size_t count;
static double increments[INCREMENTS];

static int is_before(const struct event *a, const struct event *b) {
  return a->time < b->time || (a->time == b->time && a->sequence < b->sequence);
}

static void push(struct event event) {
  size_t hole = count++;
  while (hole > 0) {
    size_t parent = (hole - 1) / 2;
    if (is_before(&heap[parent], &event)) break;
    heap[hole] = heap[parent];
    hole = parent;
  }
  heap[hole] = event;
}

static struct event pop(void) {
  struct event first = heap[0];
  struct event last = heap[--count];
  size_t hole = 0;
  for (;;) {
    size_t child = 2 * hole + 1;
    if (child >= count) break;
    if (child + 1 < count && is_before(&heap[child + 1], &heap[child])) child += 1;
    if (is_before(&last, &heap[child])) break;
    heap[hole] = heap[child];
    hole = child;
  }
  heap[hole] = last;
  return first;
}

static double cpu_nanoseconds(void) {
  struct rusage usage;
  getrusage(RUSAGE_SELF, &usage);
  return (usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * 1e9 + (usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) * 1e3;
}

int main(int argc, char **argv) {
  if (argc != 4) return 2;
  size_t pending = strtoul(argv[1], NULL, 10);
  double ends[2] = {strtod(argv[2], NULL), strtod(argv[3], NULL)};
  if (fread(increments, sizeof(double), INCREMENTS, stdin) != INCREMENTS) return 2;
  heap = malloc((pending + 1) * sizeof(struct event));
  if (heap == NULL) return 3;
  uint32_t drawn = 0;
  double sequence = 0;
  for (size_t argument = 0; argument < pending; argument += 1) {
    push((struct event){increments[drawn++ % INCREMENTS], ++sequence, 0, (int32_t)argument});
  }
  double before = 0;
  unsigned long events = 0;
  struct event last = {0};
  for (int part = 0; part < 2; part += 1) {
    before = cpu_nanoseconds();
    for (events = 0; heap[0].time <= ends[part]; events += 1) {
      last = pop();
      push((struct event){last.time + increments[drawn++ % INCREMENTS], ++sequence, 0, last.argument});
    }
  }
  printf("%lu %.0f %d %.0f\n", events, cpu_nanoseconds() - before, last.argument, last.time);
  return 0;
}
