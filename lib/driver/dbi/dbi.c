#include "registry.h"

const cascade_driver casc_driver_dbi = {
    .size = sizeof(cascade_driver), .abi_version = CASCADE_DRIVER_ABI, .name = "dbi"};
