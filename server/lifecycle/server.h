#ifndef DIFFUSER_SERVER_LIFECYCLE_SERVER_H_
#define DIFFUSER_SERVER_LIFECYCLE_SERVER_H_

#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"

namespace grpc {
class Server;
class Service;
}  // namespace grpc

namespace diffuser::lifecycle {

struct ServerOptions {
  std::string listen;               // HOST:PORT; port 0 takes a free one
  int max_message_bytes = 4 << 20;  // of one request
  // Names that health checks know, beside "" for the whole server.
  std::vector<std::string> health_services;
};

// The gRPC server: the given services, grpc.health.v1 and server reflection on one port. Health
// says NOT_SERVING until SetServing. Thread-safe.
class Server {
 public:
  // Listens and answers from then on. `services` must outlive it.
  // Errors: UNAVAILABLE naming the address (it is in use, or not this machine's).
  static absl::StatusOr<std::unique_ptr<Server>> Start(const ServerOptions& options,
                                                       const std::vector<grpc::Service*>& services);

  // Stops at once.
  ~Server();
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  // That was bound.
  int port() const { return port_; }

  // Sets what health says of every service. Nothing after SetDraining.
  void SetServing(bool serving);

  // From now on health says NOT_SERVING, whatever else is set.
  void SetDraining();

  // Closes the port, lets running calls finish until `deadline`, and cancels those left.
  // Blocks: until all calls have ended. May be called again.
  void Stop(absl::Time deadline);

 private:
  Server(std::unique_ptr<grpc::Server> server, int port, std::vector<std::string> health_services);

  const std::unique_ptr<grpc::Server> server_;
  const int port_;
  const std::vector<std::string> health_services_;
};

// Keeps gRPC and Protobuf from writing to standard error, which is the log's. For the whole
// process.
void SilenceLibraries();

}  // namespace diffuser::lifecycle

#endif  // DIFFUSER_SERVER_LIFECYCLE_SERVER_H_
