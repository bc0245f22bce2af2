using OpenCvSharp;

namespace Pipeline.Video;

/// <summary>
/// The skin in the frames of a video: the largest patch of skin's colour (Cr 133 to 173, Cb 77 to 127, whatever its tone: Chai and Ngan 1999,
/// https://doi.org/10.1109/76.767122), followed from frame to frame. A frame that is red all over is a fingertip on the lens, all of it.
/// </summary>
/// <param name="region">What is taken in place of the search, in pixels; null: it is searched for.</param>
internal sealed class SkinRegion(Rect? region) : IDisposable
{
    private const int SearchWidth = 160;
    private const double Newest = 0.2;              // of the mask; the rest is what it was, so that its edge does not flicker
    private const double LeastPart = 0.01;          // of the frame
    private const double FingertipRatio = 2.6;      // red over the mean of green and blue

    private readonly Mat _mask = new();             // of the search's size, 0 to 1

    /// <summary>Mean blue, green and red (OpenCV's order) of the skin; false where there is none.</summary>
    /// <exception cref="IOException">The region lies outside of the frame.</exception>
    public bool TryMean(Mat frame, out Scalar mean)
    {
        if (region is { } wanted)
        {
            if (wanted.Width <= 0 || wanted.Height <= 0 || (wanted & new Rect(default, frame.Size())) != wanted)
                throw new IOException($"the region {wanted.X},{wanted.Y},{wanted.Width},{wanted.Height} is not within {frame.Width} x {frame.Height} pixels");
            using var part = new Mat(frame, wanted);
            mean = Cv2.Mean(part);
            return true;
        }
        mean = Cv2.Mean(frame);
        if (mean.Val2 > FingertipRatio * (mean.Val0 + mean.Val1) / 2)
            return true;
        Follow(frame);
        using var sure = new Mat();
        Cv2.Threshold(_mask, sure, 0.5, 255, ThresholdTypes.Binary);
        using var bytes = new Mat();
        sure.ConvertTo(bytes, MatType.CV_8U);
        if (Cv2.CountNonZero(bytes) < LeastPart * bytes.Total())
            return false;
        using var mask = new Mat();
        Cv2.Resize(bytes, mask, frame.Size(), interpolation: InterpolationFlags.Nearest);
        mean = Cv2.Mean(frame, mask);
        return true;
    }

    /// <inheritdoc/>
    public void Dispose() => _mask.Dispose();

    private void Follow(Mat frame)
    {
        using var small = new Mat();
        var scale = Math.Min(1.0, SearchWidth / (double)frame.Width);
        Cv2.Resize(frame, small, default, scale, scale, InterpolationFlags.Area);
        using var colours = new Mat();
        Cv2.CvtColor(small, colours, ColorConversionCodes.BGR2YCrCb);
        using var skin = new Mat();
        Cv2.InRange(colours, new Scalar(30, 133, 77), new Scalar(255, 173, 127), skin);
        using var square = Cv2.GetStructuringElement(MorphShapes.Rect, new Size(5, 5));
        Cv2.MorphologyEx(skin, skin, MorphTypes.Open, square);
        Cv2.MorphologyEx(skin, skin, MorphTypes.Close, square);
        using var labels = new Mat();
        using var statistics = new Mat();
        using var centres = new Mat();
        var count = Cv2.ConnectedComponentsWithStats(skin, labels, statistics, centres);
        var largest = 0;
        for (var label = 1; label < count; label++)
            if (largest == 0 || AreaOf(label) > AreaOf(largest))
                largest = label;
        using var found = new Mat();
        if (largest > 0)
            Cv2.Compare(labels, new Scalar(largest), found, CmpTypes.EQ);
        else
            skin.CopyTo(found);
        using var newest = new Mat();
        found.ConvertTo(newest, MatType.CV_32F, 1 / 255.0);
        if (_mask.Empty() || _mask.Size() != newest.Size())
            newest.CopyTo(_mask);
        else
            Cv2.AddWeighted(_mask, 1 - Newest, newest, Newest, 0, _mask);

        int AreaOf(int label) => statistics.At<int>(label, (int)ConnectedComponentsTypes.Area);
    }
}
