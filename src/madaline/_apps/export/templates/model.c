/* @STEM@.c: predicts @TARGET@. Written by madaline @VERSION@. What it offers stands in @STEM@.h. */
#include "@STEM@.h"

#include <math.h>

/* Where constants lie: those of AVR stay in flash, if the compiler may use more than C99. */
#ifdef __FLASH
#define FLASH __flash
#else
#define FLASH
#endif

@FUNCTIONS@

@COLUMN_NAMES@
@LEVELS@
@LABELS@
const char *const *const @name@_columns = columns;
const char *const *const @name@_levels[@NAME@_COLUMNS] = {@TABLES@};
const char *const *const @name@_labels = labels;

double @name@_level(int column, const char *level)
{
    if (!level)
        return NAN;
    for (int number = 0; @name@_levels[column][number]; number++) {
        const char *known = @name@_levels[column][number], *own = level;
        while (*own && *own == *known) {
            own++;
            known++;
        }
        if (*own == *known)
            return number;
    }
    return -1;
}

/* Returns the number of the first column, counted from 1, whose value cannot be read; else 0. */
static int refused(const double *row)
{
    static const char kinds[] = "@KINDS@";
    static const int n_levels[] = {@COUNTS@};
    for (int k = 0; k < @NAME@_COLUMNS; k++) {
        const double own = row[k];
        int wrong = isinf(own);
        if (kinds[k] == 'b')
            wrong = own < 0 || own > 0 ? own < 1 || own > 1 : 0;
        else if (kinds[k] == 'd')
            wrong = own < -719162 || own >= 2932897; /* the years 1 to 9999 */
        else if (kinds[k] == 'c')
            wrong = own < -1 || own >= n_levels[k] || own > floor(own);
        if (wrong)
            return k + 1;
    }
    return 0;
}

@CONSTANTS@

int @name@_predict(const double row[@NAME@_COLUMNS], @COVERAGE@@name@_answer *answer)
{
    @VALUES@
    const int wrong = refused(row);
    if (wrong)
        return wrong;
    @CHECK@
    @CALLS@
    for (int k = 0; k < @N_MEAN@; k++)
        if (isnan(@MEAN@[k]) || isinf(@MEAN@[k]))
            return -1;
    @ANSWERS@
    return 0;
}
