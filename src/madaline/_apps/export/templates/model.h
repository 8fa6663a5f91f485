/* @STEM@.h: predicts @TARGET@. Written by madaline @VERSION@; needs a C99 compiler and math.h. */
#ifndef @NAME@_H
#define @NAME@_H

#ifdef __cplusplus
extern "C" {
#endif

/* The values of a row, one for each column; NAN where one is missing. */
enum {
    @COLUMNS@
    @NAME@_COLUMNS
};

typedef struct {
    @ANSWER@
} @name@_answer;

/* Names of columns; levels of a column and labels, in the order of their numbers; NULL ends them. */
extern const char *const *const @name@_columns;
extern const char *const *const @name@_levels[@NAME@_COLUMNS];
extern const char *const *const @name@_labels;

/* Returns the number of a level: -1 for one that was never seen, NAN for NULL. */
double @name@_level(int column, const char *level);

/* Predicts a row@WITH@.

   Returns 0; the number of a column, counted from 1, whose value cannot be read; -1 where no finite
   number comes out@BEYOND@. */
int @name@_predict(const double row[@NAME@_COLUMNS], @COVERAGE@@name@_answer *answer);

#ifdef __cplusplus
}
#endif

#endif
