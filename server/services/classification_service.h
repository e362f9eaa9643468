#ifndef DIFFUSER_SERVER_SERVICES_CLASSIFICATION_SERVICE_H_
#define DIFFUSER_SERVER_SERVICES_CLASSIFICATION_SERVICE_H_

#include <grpcpp/impl/service_type.h>

#include <memory>

#include "server/services/service_context.h"

namespace diffuser::services {

// The name that health checks know the service by.
inline constexpr char kClassificationService[] = "diffuser.v1.Classification";

// The public API, diffuser.v1.Classification, over the models of `context.registry`: it checks and
// translates, and leaves the rest to their pipelines. No call blocks a thread of gRPC.
//
// gRPC's callback API: it keeps every call an object with a few short methods. Completion queues
// cost less on an empty call; here a call carries a document, whose milliseconds hide the
// difference.
//
// The service must outlive every answer of a pipeline, as all that `context` points to.
std::unique_ptr<grpc::Service> MakeClassificationService(const ServiceContext& context);

}  // namespace diffuser::services

#endif  // DIFFUSER_SERVER_SERVICES_CLASSIFICATION_SERVICE_H_
