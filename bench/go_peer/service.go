package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"edugatebench/edugate"
)

// As many as there are calls in flight, so that every call finds a connection that is kept alive.
const idleConnections = 64

type service struct {
	edugate.UnimplementedEnrollmentServiceServer
	http     *http.Client
	provider string
}

func newService(provider string) *service {
	return &service{
		http: &http.Client{
			Transport: &http.Transport{
				MaxIdleConns:        idleConnections,
				MaxIdleConnsPerHost: idleConnections,
				IdleConnTimeout:     time.Minute,
			},
			Timeout: 30 * time.Second,
		},
		provider: provider,
	}
}

// The one enrollment of the connection tms that the request names.
func (s *service) GetEnrollment(ctx context.Context, request *edugate.GetEnrollmentRequest) (*edugate.Enrollment, error) {
	connection, id, err := parseEnrollmentName(request.GetName())
	if err != nil {
		return nil, err
	}
	var reply classEnrollmentReply
	err = s.get(ctx, "/api/2.0/GetClassEnrollment/"+url.PathEscape(id), "api_key", "bench", &reply)
	if err != nil {
		return nil, err
	}
	if reply.Status == nil || *reply.Status != 0 {
		return nil, status.Error(codes.Unavailable, "the provider reports an error")
	}
	if len(reply.Results) != 1 {
		return nil, status.Error(codes.Internal, "the provider's reply holds no record")
	}
	return fromClassEnrollment(&reply.Results[0], connection), nil
}

// The first page of the enrollments of the connection oa.
func (s *service) ListEnrollments(ctx context.Context, request *edugate.ListEnrollmentsRequest) (*edugate.ListEnrollmentsResponse, error) {
	connection := strings.TrimPrefix(request.GetParent(), "connections/")
	if connection == request.GetParent() || connection == "" {
		return nil, status.Error(codes.InvalidArgument, "parent is not a connection")
	}
	if request.GetPageSize() < 0 {
		return nil, status.Error(codes.InvalidArgument, "page_size must not be negative")
	}
	var page reenrollmentPage
	path := fmt.Sprintf("/api/v3/reenrollments?page=1&per_page=%d", request.GetPageSize())
	if err := s.get(ctx, path, "Authorization", "Bearer bench", &page); err != nil {
		return nil, err
	}
	response := &edugate.ListEnrollmentsResponse{
		Enrollments: make([]*edugate.Enrollment, 0, len(page.Reenrollments)),
	}
	for i := range page.Reenrollments {
		response.Enrollments = append(response.Enrollments, fromReenrollment(&page.Reenrollments[i], connection))
	}
	return response, nil
}

func parseEnrollmentName(name string) (connection, id string, err error) {
	parts := strings.Split(name, "/")
	if len(parts) != 4 || parts[0] != "connections" || parts[2] != "enrollments" {
		return "", "", status.Error(codes.InvalidArgument, "name is not an enrollment")
	}
	return parts[1], parts[3], nil
}

// Asks the provider and decodes its JSON.
func (s *service) get(ctx context.Context, path, header, credential string, into interface{}) error {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, s.provider+path, nil)
	if err != nil {
		return status.Error(codes.Internal, "the request can't be made")
	}
	request.Header.Set(header, credential)
	response, err := s.http.Do(request)
	if err != nil {
		if errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
			return status.FromContextError(ctx.Err()).Err()
		}
		return status.Error(codes.Unavailable, "the provider can't be reached")
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return status.Error(codes.Unavailable, "the provider refused")
	}
	var body bytes.Buffer
	if response.ContentLength > 0 {
		// ReadFrom wants room for one more read behind the last byte.
		body.Grow(int(response.ContentLength) + bytes.MinRead)
	}
	if _, err := body.ReadFrom(response.Body); err != nil {
		return status.Error(codes.Unavailable, "the provider's reply broke off")
	}
	if err := json.Unmarshal(body.Bytes(), into); err != nil {
		return status.Error(codes.Internal, "the provider's reply is no JSON")
	}
	return nil
}
