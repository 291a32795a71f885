// Command load loads the image that its argument names as pixels and prints their SHA-256.
package main

import (
	"context"
	"crypto/sha256"
	"fmt"
	"io"
	"log"
	"os"

	imageid "imageid.example/go"
	imageidv1 "imageid.example/go/imageid/v1"
)

func main() {
	log.SetFlags(0)
	imageID := os.Args[1]
	channel := must(imageid.Connect())
	pixels := &imageidv1.OutputSpec{Kind: &imageidv1.OutputSpec_Pixels{}}
	stream := must(imageidv1.NewImageServiceClient(channel).LoadImage(
		imageid.WithImageID(context.Background(), imageID),
		&imageidv1.LoadImageRequest{ImageId: imageID, Output: pixels}))
	sha256 := sha256.New()
	for message, err := stream.Recv(); err != io.EOF; message, err = stream.Recv() {
		sha256.Write(must(message, err).GetChunk().GetData())
	}
	fmt.Printf("%x\n", sha256.Sum(nil))
}

func must[T any](value T, err error) T {
	if err != nil {
		log.Fatal("load: ", err)
	}
	return value
}
