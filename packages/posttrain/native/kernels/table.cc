#include "kernels.h"

namespace posttrain::kernels::POSTTRAIN_LEVEL {

const Table table = {optimizer};

}  // namespace posttrain::kernels::POSTTRAIN_LEVEL
