// The peer that edugate is measured against: the same two calls in Go, as a careful Go programmer
// writes them today. net/http with pooled connections, encoding/json into structs, grpc-go.
package main

import (
	"flag"
	"fmt"
	"log"
	"net"
	"os"
	"os/signal"
	"syscall"

	"google.golang.org/grpc"

	"edugatebench/edugate"
)

func main() {
	listen := flag.String("listen", "127.0.0.1:0", "address of the gRPC port")
	provider := flag.String("provider", "", "URL of the simulated providers")
	flag.Parse()

	listener, err := net.Listen("tcp", *listen)
	if err != nil {
		log.Fatal(err)
	}
	server := grpc.NewServer()
	edugate.RegisterEnrollmentServiceServer(server, newService(*provider))

	stop := make(chan os.Signal, 1)
	signal.Notify(stop, syscall.SIGTERM, syscall.SIGINT)
	go func() {
		<-stop
		server.GracefulStop()
	}()
	fmt.Printf("listening on %s\n", listener.Addr())
	if err := server.Serve(listener); err != nil {
		log.Fatal(err)
	}
}
