using System.Globalization;
using OpenCvSharp;
using Pipeline.Video;

// A program of its own, so that the product neither holds nor fetches OpenCV. Exit code 2: the line on standard error says what is wrong.
try
{
    switch (args)
    {
        case ["read", var video, var csv]:
            VideoTraces.Write(video, csv, null);
            return 0;
        case ["read", var video, var csv, var region]:
            VideoTraces.Write(video, csv, RegionOf(region));
            return 0;
        case ["simulate", var video, var rate, var tone, var movement, var lightChanges]:
            new FaceVideo(Number(rate), Number(tone), Number(movement), Number(lightChanges)).Write(video);
            return 0;
        default:
            Console.Error.WriteLine("pipeline-video read VIDEO TRACES.csv [X,Y,WIDTH,HEIGHT] | simulate VIDEO RATE TONE MOVEMENT LIGHTCHANGES");
            return 2;
    }
}
catch (Exception fault) when (fault is IOException or FormatException or OpenCVException or UnauthorizedAccessException)
{
    Console.Error.WriteLine(fault.Message.ReplaceLineEndings(" "));
    return 2;
}

static double Number(string text) => double.Parse(text, CultureInfo.InvariantCulture);

static Rect RegionOf(string text) =>
    text.Split(',') is [var x, var y, var width, var height]
        ? new Rect(int.Parse(x, CultureInfo.InvariantCulture), int.Parse(y, CultureInfo.InvariantCulture),
            int.Parse(width, CultureInfo.InvariantCulture), int.Parse(height, CultureInfo.InvariantCulture))
        : throw new FormatException($"'{text}' is no region: X,Y,WIDTH,HEIGHT in pixels");
