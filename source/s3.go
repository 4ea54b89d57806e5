package source

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/minio/minio-go/v7"
	"github.com/minio/minio-go/v7/pkg/credentials"

	"earworm/schema"
)

// S3 is the object store that s3:// sources are in. Its address is the
// operator's, not a caller's, and may be private.
type S3 struct {
	Endpoint string   // URL, https://s3.eu-central-1.amazonaws.com; empty: s3:// is refused
	Region   string   // empty: us-east-1
	Buckets  []string // that may be read; empty: all that the credentials may

	// Empty: what AWS's own variables, files and services say.
	AccessKey, SecretKey string
}

func (c S3) validate() error {
	u, err := url.Parse(c.Endpoint)
	if err != nil || u.Scheme != "https" && u.Scheme != "http" || u.Host == "" || strings.Trim(u.Path, "/") != "" || u.User != nil {
		return errors.New("s3_endpoint is not a URL of a host; want https://host or https://host:port")
	}
	if (c.AccessKey == "") != (c.SecretKey == "") {
		return errors.New("s3 has one of access key and secret key; want both or none")
	}
	return nil
}

// bucketClient reads objects, and does nothing else: the right s3:GetObject is
// enough, since neither the bucket's region nor the object's head is asked for.
func bucketClient(c S3, headerTimeout time.Duration) (*minio.Core, error) {
	u, err := url.Parse(c.Endpoint)
	if err != nil {
		return nil, err
	}
	keys := credentials.NewStaticV4(c.AccessKey, c.SecretKey, "")
	if c.AccessKey == "" {
		keys = credentials.NewChainCredentials([]credentials.Provider{
			&credentials.EnvAWS{}, &credentials.FileAWSCredentials{}, &credentials.IAM{},
		})
	}
	if c.Region == "" {
		c.Region = "us-east-1"
	}
	return minio.NewCore(u.Host, &minio.Options{
		Creds: keys, Secure: u.Scheme == "https", Region: c.Region, MaxRetries: 1,
		Transport: &http.Transport{
			Proxy:                  http.ProxyFromEnvironment,
			TLSHandshakeTimeout:    headerTimeout,
			ResponseHeaderTimeout:  headerTimeout,
			MaxResponseHeaderBytes: maxHeader,
			DisableCompression:     true,
		},
	})
}

// object downloads s3://bucket/key.
func (o *Opener) object(ctx context.Context, u *url.URL) (*File, error) {
	name, bucket := u.String(), u.Host
	switch {
	case o.bucket == nil:
		return nil, schema.Fail(schema.AccessDenied, "fetch %q: no object store is configured", name)
	case len(o.config.S3.Buckets) > 0 && !slices.Contains(o.config.S3.Buckets, bucket):
		return nil, schema.Fail(schema.AccessDenied, "fetch %q: bucket %s is not among those allowed", name, bucket)
	}
	ctx, cancel := context.WithTimeout(ctx, o.config.Timeout)
	defer cancel()
	body, info, _, err := o.bucket.GetObject(ctx, bucket, strings.TrimPrefix(u.Path, "/"), minio.GetObjectOptions{})
	if err != nil {
		return nil, objectError(name, err)
	}
	defer body.Close()
	return o.spool(ctx, cancel, name, body, info.Size)
}

// objectError sorts the answers of an object store as statusError does those
// of a web server.
func objectError(name string, err error) error {
	var said minio.ErrorResponse
	if !errors.As(err, &said) {
		return unavailable{fmt.Errorf("fetch %q: %w", name, err)}
	}
	return statusError(name, said.StatusCode, said.Code)
}
