#include "kernels.h"

namespace posttrain::kernels::POSTTRAIN_LEVEL {

const Table table = {optimizer, norm, elementwise, attention, loss};

}  // namespace posttrain::kernels::POSTTRAIN_LEVEL
