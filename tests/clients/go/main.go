// The conformance client in Go: Debian's grpc-go with generated stubs (../conformance/testee.py).
package main

import (
	"bufio"
	"context"
	"encoding/json"
	"io"
	"log"
	"os"
	"strings"
	"time"

	// Messages are found by name in what these register.
	_ "edugate.internal/go/edugate/provider/class_enrollment/v2"
	_ "edugate.internal/go/edugate/provider/edx_enterprise/v1"
	_ "edugate.internal/go/edugate/provider/measureone/v2"
	_ "edugate.internal/go/edugate/provider/openapply/v3"
	_ "edugate.internal/go/edugate/v1"
	_ "google.golang.org/genproto/googleapis/rpc/errdetails"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"
)

type call struct {
	Address       string            `json:"address"`
	Method        string            `json:"method"`
	Requests      []json.RawMessage `json:"requests"`
	Metadata      map[string]string `json:"metadata"`
	TimeoutMs     int64             `json:"timeoutMs"`
	CancelAfter   int               `json:"cancelAfter"`
	ServiceConfig string            `json:"serviceConfig"`
}

type outcome struct {
	Code      string            `json:"code"`
	Message   string            `json:"message"`
	Details   []json.RawMessage `json:"details"`
	Trailers  map[string]string `json:"trailers"`
	Replies   []json.RawMessage `json:"replies"`
	ElapsedMs int64             `json:"elapsedMs"`
}

// The names of gRPC's list, which are not Go's.
var codeNames = map[codes.Code]string{
	codes.OK: "OK", codes.Canceled: "CANCELLED", codes.Unknown: "UNKNOWN",
	codes.InvalidArgument: "INVALID_ARGUMENT", codes.DeadlineExceeded: "DEADLINE_EXCEEDED",
	codes.NotFound: "NOT_FOUND", codes.AlreadyExists: "ALREADY_EXISTS",
	codes.PermissionDenied: "PERMISSION_DENIED", codes.ResourceExhausted: "RESOURCE_EXHAUSTED",
	codes.FailedPrecondition: "FAILED_PRECONDITION", codes.Aborted: "ABORTED",
	codes.OutOfRange: "OUT_OF_RANGE", codes.Unimplemented: "UNIMPLEMENTED",
	codes.Internal: "INTERNAL", codes.Unavailable: "UNAVAILABLE", codes.DataLoss: "DATA_LOSS",
	codes.Unauthenticated: "UNAUTHENTICATED",
}

func main() {
	channels := map[string]*grpc.ClientConn{}
	calls := bufio.NewReader(os.Stdin)
	outcomes := json.NewEncoder(os.Stdout)
	for {
		line, err := calls.ReadBytes('\n')
		if err == io.EOF {
			return
		}
		var asked call
		if err := json.Unmarshal(line, &asked); err != nil {
			log.Fatal(err)
		}
		key := asked.Address + " " + asked.ServiceConfig
		if channels[key] == nil {
			channels[key] = dial(asked)
		}
		if err := outcomes.Encode(makeCall(channels[key], asked)); err != nil {
			log.Fatal(err)
		}
	}
}

func dial(asked call) *grpc.ClientConn {
	options := []grpc.DialOption{grpc.WithInsecure(), grpc.WithDisableRetry()}
	if asked.ServiceConfig != "" {
		options = []grpc.DialOption{grpc.WithInsecure(), grpc.WithDefaultServiceConfig(asked.ServiceConfig)}
	}
	channel, err := grpc.Dial(asked.Address, options...)
	if err != nil {
		log.Fatal(err)
	}
	return channel
}

func makeCall(channel *grpc.ClientConn, asked call) outcome {
	ctx, cancel := context.WithTimeout(context.Background(), time.Duration(asked.TimeoutMs)*time.Millisecond)
	defer cancel()
	ctx = metadata.NewOutgoingContext(ctx, metadata.New(asked.Metadata))
	start := time.Now()
	replies, trailer, err := stream(ctx, cancel, channel, asked)
	elapsed := time.Since(start)

	failure := status.Convert(err)
	result := outcome{
		Code:      codeNames[failure.Code()],
		Message:   failure.Message(),
		Details:   []json.RawMessage{},
		Trailers:  map[string]string{},
		Replies:   []json.RawMessage{},
		ElapsedMs: elapsed.Milliseconds(),
	}
	for _, reply := range replies {
		result.Replies = append(result.Replies, toJSON(reply))
	}
	for _, detail := range failure.Proto().GetDetails() {
		result.Details = append(result.Details, toJSON(detail))
	}
	for key, values := range trailer {
		if !strings.HasSuffix(key, "-bin") {
			result.Trailers[key] = values[0]
		}
	}
	return result
}

// Every call as a stream of both directions, which is what it is on the wire.
func stream(ctx context.Context, cancel func(), channel *grpc.ClientConn, asked call) ([]proto.Message, metadata.MD, error) {
	method := describe(asked.Method)
	description := &grpc.StreamDesc{
		ServerStreams: method.IsStreamingServer(),
		ClientStreams: method.IsStreamingClient(),
	}
	opened, err := channel.NewStream(ctx, description, "/"+asked.Method)
	if err != nil {
		return nil, nil, err
	}
	for _, text := range asked.Requests {
		request := newMessage(method.Input())
		if err := protojson.Unmarshal(text, request); err != nil {
			log.Fatal(err)
		}
		if err := opened.SendMsg(request); err == io.EOF {
			break // what ended the stream comes from RecvMsg
		} else if err != nil {
			return nil, opened.Trailer(), err
		}
	}
	if err := opened.CloseSend(); err != nil {
		return nil, opened.Trailer(), err
	}
	var replies []proto.Message
	for {
		reply := newMessage(method.Output())
		if err := opened.RecvMsg(reply); err == io.EOF {
			return replies, opened.Trailer(), nil
		} else if err != nil {
			return replies, opened.Trailer(), err
		}
		replies = append(replies, reply)
		if len(replies) == asked.CancelAfter {
			cancel()
		}
		if !method.IsStreamingServer() {
			return replies, opened.Trailer(), nil
		}
	}
}

// The method of "package.Service/Method".
func describe(path string) protoreflect.MethodDescriptor {
	name := protoreflect.FullName(strings.Replace(path, "/", ".", 1))
	found, err := protoregistry.GlobalFiles.FindDescriptorByName(name)
	if err != nil {
		log.Fatal(err)
	}
	return found.(protoreflect.MethodDescriptor)
}

func newMessage(description protoreflect.MessageDescriptor) proto.Message {
	found, err := protoregistry.GlobalTypes.FindMessageByName(description.FullName())
	if err != nil {
		log.Fatal(err)
	}
	return found.New().Interface()
}

func toJSON(message proto.Message) json.RawMessage {
	text, err := protojson.Marshal(message)
	if err != nil {
		log.Fatal(err)
	}
	return text
}
