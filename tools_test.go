package dynamodest

import (
	_ "github.com/aws/aws-sdk-go-v2/credentials"
	_ "github.com/aws/smithy-go"
	_ "github.com/stretchr/testify/require"
	_ "go.uber.org/goleak"
)
