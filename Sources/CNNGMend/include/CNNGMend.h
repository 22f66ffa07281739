#pragma once

// Nothing to call: see mend.c.
