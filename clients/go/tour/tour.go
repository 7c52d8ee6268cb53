// A tour of edugate: lists, a verification, a stream, a download, errors and events.
package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"log"
	"os"
	"sort"
	"strings"
	"time"

	edugate "edugate.internal/go/edugate/v1"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

const (
	// Every call has a deadline: edugate gives the provider up when it has passed.
	callTimeout   = 30 * time.Second
	streamTimeout = 5 * time.Minute

	catalog    = "connections/edx/catalogs/3f56a21c-76c8-47c0-add8-a99714d40d94"
	transcript = "connections/m1/transcripts/trc_TSEne2SSjP3GvpVrs5HLol4xor2"
)

func main() {
	log.SetFlags(0)
	var options channelOptions
	flag.StringVar(&options.target, "target", "", "HOST:PORT")
	flag.StringVar(&options.tlsCA, "tls-ca", "", "PEM file of the authority of edugate's certificate")
	flag.StringVar(&options.tokenFile, "token-file", "", "file with a JSON Web Token")
	flag.StringVar(&options.serviceConfig, "service-config", "", "file with gRPC's service config")
	path := flag.String("download", "transcript.zip", "where the transcript goes")
	flag.Parse()
	if options.target == "" {
		log.Fatal("-target is missing")
	}
	channel, err := openChannel(options)
	if err != nil {
		log.Fatal(err)
	}
	defer channel.Close()

	ctx := context.Background()
	for _, step := range []func() error{
		func() error { return listAcrossConnections(ctx, channel) },
		func() error { return verify(ctx, channel) },
		func() error { return streamCatalog(ctx, channel) },
		func() error { return download(ctx, channel, *path) },
		func() error { return readErrors(ctx, channel) },
		func() error { return waitAndTryAgain(ctx, channel) },
		func() error { return meetADeadline(ctx, channel) },
		func() error { return watchEvents(ctx, channel) },
	} {
		if err := step(); err != nil {
			log.Fatalf("%s: %v", failureOf(err).reason, err)
		}
	}
}

// enrollmentPages gives a list's pages to the last.
func enrollmentPages(ctx context.Context, stub edugate.EnrollmentServiceClient, parent string,
	use func(*edugate.ListEnrollmentsResponse)) error {
	request := &edugate.ListEnrollmentsRequest{Parent: parent, PageSize: 200}
	for {
		call, cancel := context.WithTimeout(ctx, callTimeout)
		page, err := stub.ListEnrollments(call, request)
		cancel()
		if err != nil {
			return err
		}
		use(page)
		if page.NextPageToken == "" {
			return nil
		}
		request.PageToken = page.NextPageToken
	}
}

func listAcrossConnections(ctx context.Context, channel *grpc.ClientConn) error {
	counts := map[string]int{}
	unreachable := map[string]string{}
	err := enrollmentPages(ctx, edugate.NewEnrollmentServiceClient(channel), "connections/-",
		func(page *edugate.ListEnrollmentsResponse) {
			for _, each := range page.Enrollments {
				counts[strings.Split(each.Name, "/enrollments/")[0]]++
			}
			// Whose records the page lacks, and why.
			for _, each := range page.UnreachableDetails {
				unreachable[each.Connection] = each.Reason
			}
		})
	if err != nil {
		return err
	}
	for _, connection := range sortedKeys(counts) {
		fmt.Printf("%s: %d enrollments\n", connection, counts[connection])
	}
	for connection, reason := range unreachable {
		fmt.Printf("%s: not reached, %s\n", connection, reason)
	}
	return nil
}

func verify(ctx context.Context, channel *grpc.ClientConn) error {
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	verification, err := edugate.NewEnrollmentServiceClient(channel).VerifyEnrollment(ctx,
		&edugate.VerifyEnrollmentRequest{
			Parent:      "connections/m1",
			DataRequest: "dr_TSEne2SSjP3GvpVrs5HLol4xor2",
			Wait:        true, // until the provider has an answer, or the deadline has passed
		})
	if err != nil {
		return err
	}
	fmt.Printf("verification: %s\n", verification.Result)
	for _, finding := range verification.Findings {
		var reasons []string
		for _, each := range finding.ReasonCodes {
			reasons = append(reasons, each.Code)
		}
		fmt.Printf("  as of %s: %s\n", finding.AsOfTime.AsTime().Format("2006-01-02"), strings.Join(reasons, " "))
	}
	return nil
}

func streamCatalog(ctx context.Context, channel *grpc.ClientConn) error {
	ctx, cancel := context.WithTimeout(ctx, streamTimeout)
	defer cancel()
	items, err := edugate.NewCatalogServiceClient(channel).StreamCatalogItems(ctx,
		&edugate.StreamCatalogItemsRequest{Parent: catalog})
	if err != nil {
		return err
	}
	kinds := map[string]int{}
	for {
		item, err := items.Recv()
		if err == io.EOF {
			break
		} else if err != nil {
			return err
		}
		switch item.Item.(type) {
		case *edugate.CatalogItem_Course:
			kinds["course"]++
		case *edugate.CatalogItem_CourseRun:
			kinds["course_run"]++
		case *edugate.CatalogItem_Program:
			kinds["program"]++
		}
	}
	var counts []string
	for _, kind := range sortedKeys(kinds) {
		counts = append(counts, fmt.Sprintf("%d %s", kinds[kind], kind))
	}
	fmt.Printf("catalog: %s\n", strings.Join(counts, ", "))
	return nil
}

func download(ctx context.Context, channel *grpc.ClientConn, path string) error {
	ctx, cancel := context.WithTimeout(ctx, streamTimeout)
	defer cancel()
	parts, err := edugate.NewTranscriptServiceClient(channel).DownloadTranscriptFiles(ctx,
		&edugate.DownloadTranscriptFilesRequest{Name: transcript})
	if err != nil {
		return err
	}
	file, err := os.Create(path)
	if err != nil {
		return err
	}
	defer file.Close()
	size := 0
	for {
		part, err := parts.Recv()
		if err == io.EOF {
			fmt.Printf("  %d bytes\n", size)
			return file.Close()
		} else if err != nil {
			return err
		}
		if info := part.GetInfo(); info != nil {
			fmt.Printf("download: %s, %s\n", info.FileName, info.ContentType)
		}
		written, err := file.Write(part.GetChunk())
		if err != nil {
			return err
		}
		size += written
	}
}

func readErrors(ctx context.Context, channel *grpc.ClientConn) error {
	stub := edugate.NewEnrollmentServiceClient(channel)
	for _, request := range []*edugate.ListEnrollmentsRequest{
		{Parent: "connections/tms", PageSize: -1},
		{Parent: "connections/nobody"},
	} {
		ctx, cancel := context.WithTimeout(ctx, callTimeout)
		_, err := stub.ListEnrollments(ctx, request)
		cancel()
		failed := failureOf(err)
		fmt.Printf("refused: %s %s\n", codeName(failed.code), failed.reason)
		for _, field := range failed.fields {
			fmt.Printf("  %s: %s\n", field.Field, field.Description)
		}
	}
	return nil
}

func waitAndTryAgain(ctx context.Context, channel *grpc.ClientConn) error {
	stub := edugate.NewAssignmentServiceClient(channel)
	onWait := func(failed failure) {
		fmt.Printf("locked: again in %.0f s\n", failed.retryDelay.Seconds())
	}
	err := withRetries(ctx, 2, onWait, func() error {
		ctx, cancel := context.WithTimeout(ctx, callTimeout)
		defer cancel()
		_, err := stub.AllocateAssignments(ctx, &edugate.AllocateAssignmentsRequest{
			Parent:            "connections/edx/policies/policy-locked",
			LearnerEmails:     []string{"learner@example.org"},
			ContentKey:        "SandX+C001",
			ContentPriceCents: 1000,
		})
		return err
	})
	if err != nil {
		failed := failureOf(err)
		fmt.Printf("gave up: %s %s\n", codeName(failed.code), failed.reason)
	}
	return nil
}

func meetADeadline(ctx context.Context, channel *grpc.ClientConn) error {
	ctx, cancel := context.WithTimeout(ctx, 500*time.Millisecond)
	defer cancel()
	// A watch has no end of its own.
	watch, err := edugate.NewTranscriptServiceClient(channel).WatchTranscriptEvents(ctx,
		&edugate.WatchTranscriptEventsRequest{Parent: "connections/m1"})
	for err == nil {
		_, err = watch.Recv()
	}
	fmt.Printf("deadline: %s\n", codeName(status.Code(err)))
	return nil
}

func watchEvents(ctx context.Context, channel *grpc.ClientConn) error {
	stub := edugate.NewTranscriptServiceClient(channel)
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	externalID := "student-1"
	created, err := stub.CreateTranscript(ctx, &edugate.CreateTranscriptRequest{
		Parent: "connections/m1",
		Transcript: &edugate.Transcript{
			ExternalId: &externalID,
			Sources: []*edugate.TranscriptSource{{
				Data: &edugate.TranscriptSource_Document{Document: &edugate.SourceDocument{
					Uri:        "https://school.example/transcript.pdf",
					MediaType:  "application/pdf",
					HttpMethod: "GET",
				}},
			}},
		},
	})
	if err != nil {
		return err
	}
	// A program that goes on watching keeps the last event's resume_token, and begins with it after a failure.
	watch, err := stub.WatchTranscriptEvents(ctx, &edugate.WatchTranscriptEventsRequest{Parent: "connections/m1"})
	if err != nil {
		return err
	}
	for {
		event, err := watch.Recv()
		if err != nil {
			return err
		}
		if event.Transcript != created.Name {
			continue
		}
		fmt.Printf("event: %s\n", event.ProviderType)
		if event.Type == edugate.TranscriptEventType_TRANSCRIPT_EVENT_TYPE_PROCESSED {
			return nil
		}
	}
}

// codeName gives the name of gRPC's list, as every other language prints it.
func codeName(code codes.Code) string {
	for name, number := range map[string]codes.Code{
		"OK": codes.OK, "INVALID_ARGUMENT": codes.InvalidArgument, "NOT_FOUND": codes.NotFound,
		"DEADLINE_EXCEEDED": codes.DeadlineExceeded, "ABORTED": codes.Aborted,
		"UNAVAILABLE": codes.Unavailable, "RESOURCE_EXHAUSTED": codes.ResourceExhausted,
	} {
		if number == code {
			return name
		}
	}
	return code.String()
}

func sortedKeys(counts map[string]int) []string {
	var keys []string
	for key := range counts {
		keys = append(keys, key)
	}
	sort.Strings(keys)
	return keys
}
