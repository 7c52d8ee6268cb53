package main

import (
	"context"
	"fmt"
	"log"
	"os"
	"time"

	edugate "edugate.internal/go/edugate/v1"
	"google.golang.org/grpc"
)

func main() {
	channel, err := grpc.Dial(os.Args[1], grpc.WithInsecure())
	if err != nil {
		log.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	page, err := edugate.NewEnrollmentServiceClient(channel).ListEnrollments(ctx,
		&edugate.ListEnrollmentsRequest{Parent: "connections/-", PageSize: 3})
	if err != nil {
		log.Fatal(err)
	}
	for _, each := range page.Enrollments {
		fmt.Println(each.Name, each.ProviderStatus)
	}
}
