package main

import (
	"context"
	"time"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

// failure is what a failed call says besides its message.
type failure struct {
	code codes.Code
	// The name of an edugate.v1.ErrorReason without its prefix: what programs decide by. "" of an error
	// that edugate has not made, as when nobody listens.
	reason string
	// What is variable in the message: connection, provider, operation, provider_status and others.
	metadata map[string]string
	// Which fields of the request are wrong, and in what.
	fields []*errdetails.BadRequest_FieldViolation
	// How long to wait before the call is worth another try. 0: nobody knows, or never.
	retryDelay time.Duration
}

// failureOf reads the google.rpc.Status that comes with every error of edugate.
func failureOf(err error) failure {
	converted := status.Convert(err)
	result := failure{code: converted.Code()}
	for _, detail := range converted.Details() {
		switch detail := detail.(type) {
		case *errdetails.ErrorInfo:
			result.reason, result.metadata = detail.Reason, detail.Metadata
		case *errdetails.BadRequest:
			result.fields = detail.FieldViolations
		case *errdetails.RetryInfo:
			result.retryDelay = detail.RetryDelay.AsDuration()
		}
	}
	return result
}

// withRetries makes a call again after the time that its failure names, for what the channel doesn't retry
// by itself. A failure without such a time is final: another attempt would end as this one did.
func withRetries(ctx context.Context, attempts int, onWait func(failure), call func() error) error {
	for attempt := 1; ; attempt++ {
		err := call()
		if err == nil {
			return nil
		}
		failed := failureOf(err)
		if failed.retryDelay == 0 || attempt == attempts {
			return err
		}
		onWait(failed)
		select {
		case <-time.After(failed.retryDelay):
		case <-ctx.Done():
			return err
		}
	}
}
