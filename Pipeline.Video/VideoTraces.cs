using System.Globalization;
using OpenCvSharp;

namespace Pipeline.Video;

/// <summary>Writes a video's mean red, green and blue of skin, a row a frame with its time stamp, as the product reads camera traces.</summary>
internal static class VideoTraces
{
    /// <summary>
    /// Columns <c>time_ms,R,G,B</c>, 0 to 255; colours empty where no skin is seen. <paramref name="region"/>: in place of the search for
    /// skin, in pixels.
    /// </summary>
    /// <exception cref="IOException">It is no video, has no frame, or the region lies outside.</exception>
    public static void Write(string video, string csv, Rect? region)
    {
        using var capture = new VideoCapture(video);
        if (!capture.IsOpened())
            throw new IOException($"{Path.GetFileName(video)}: is no video that OpenCV can read");
        using var frame = new Mat();
        using var skin = new SkinRegion(region);
        using var rows = new StreamWriter(csv);
        rows.WriteLine("time_ms,R,G,B");
        var (count, last) = (0, double.NegativeInfinity);
        while (capture.Read(frame) && !frame.Empty())
        {
            // Some containers give no time stamps: then the frames are as even as the header says.
            double time = capture.PosMsec;
            if (!(time > last))
                time = count == 0 ? 0 : last + 1000 / Math.Max(1, capture.Fps);
            last = time;
            count++;
            rows.WriteLine(skin.TryMean(frame, out var mean)
                ? string.Create(CultureInfo.InvariantCulture, $"{time:0.###},{mean.Val2:0.####},{mean.Val1:0.####},{mean.Val0:0.####}")
                : string.Create(CultureInfo.InvariantCulture, $"{time:0.###},,,"));
        }
        if (count == 0)
            throw new IOException($"{Path.GetFileName(video)}: has no frame that can be read");
    }
}
