#ifndef EDUGATE_SANDBOX_EDX_ENTERPRISE_IDS_H_
#define EDUGATE_SANDBOX_EDX_ENTERPRISE_IDS_H_

// The ids of what the simulated edX Enterprise has from the start.
namespace edugate::sandbox::edx {

inline constexpr char kCustomer[] = "904b1785-9d3a-1000-848d-6ae7a56e6355";
inline constexpr char kCatalog[] = "3f56a21c-76c8-47c0-add8-a99714d40d94";
inline constexpr char kPlan[] = "104b1785-1d3a-1000-148d-1ae7a56e6355";
inline constexpr char kSmallPlan[] = "204b1785-1d3a-1000-148d-1ae7a56e6355";
inline constexpr char kPolicy[] = "904b1785-9d3a-1000-848d-6ae7a56e6355";
inline constexpr char kConfiguration[] = "6fc7ef56-d1c4-4aa8-a649-e6eb209f0000";

}  // namespace edugate::sandbox::edx

#endif  // EDUGATE_SANDBOX_EDX_ENTERPRISE_IDS_H_
