#include "kernels.h"

namespace posttrain::kernels::POSTTRAIN_LEVEL {

const Table table = {optimizer, norm, elementwise, attention, loss, packed_linears, cached_attentions, sampler};

}  // namespace posttrain::kernels::POSTTRAIN_LEVEL
