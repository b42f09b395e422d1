#ifndef FLUORO_CSPAWN_H
#define FLUORO_CSPAWN_H
#endif
