using OpenCvSharp;

namespace Pipeline.Video;

/// <summary>A drawn face with a pulse, for tests and for a first look: 30 s at 30 frames per second, 240 x 180 pixels, Motion JPEG.</summary>
/// <param name="rate">Pulses per minute.</param>
/// <param name="tone">Skin: 0 the lightest, 1 the darkest.</param>
/// <param name="movement">Pixels by which the head sways.</param>
/// <param name="lightChanges">Part by which the light changes, all at once, every seven seconds.</param>
internal sealed class FaceVideo(double rate, double tone, double movement, double lightChanges)
{
    private const int Width = 240, Height = 180, FramesPerSecond = 30, Seconds = 30;
    private const double Pulse = 0.012;     // of green, of the lightest skin
    private const double Grain = 4;         // deviation of a pixel: it also carries changes that are less than one step

    /// <exception cref="IOException">It cannot be written.</exception>
    public void Write(string video)
    {
        using var writer = new VideoWriter(video, FourCC.MJPG, FramesPerSecond, new Size(Width, Height));
        if (!writer.IsOpened())
            throw new IOException($"{Path.GetFileName(video)}: cannot be written");
        Cv2.SetTheRNG(7);
        using var frame = new Mat(Height, Width, MatType.CV_32FC3);
        using var grain = new Mat(Height, Width, MatType.CV_32FC3);
        using var bytes = new Mat();
        for (var i = 0; i < FramesPerSecond * Seconds; i++)
        {
            var time = i / (double)FramesPerSecond;
            var light = 1 - (time % 14 >= 7 ? lightChanges : 0);
            // Sinus arrhythmia; a steep upstroke and a slow fall.
            var phase = (time + 0.04 * Math.Sin(2 * Math.PI * 0.25 * time)) * rate / 60 % 1;
            var blood = (phase < 0.25 ? phase / 0.25 : (1 - phase) / 0.75) * Pulse * (1 - 0.5 * tone);
            var skin = new Scalar(
                (140 - 95 * tone) * (1 - 0.6 * blood) * light, (160 - 100 * tone) * (1 - blood) * light, (205 - 105 * tone) * (1 - 0.35 * blood) * light);
            frame.SetTo(new Scalar(90 * light, 100 * light, 60 * light));
            var middle = new Point(Width / 2 + movement * Math.Sin(2 * Math.PI * 0.21 * time), Height / 2 + 0.5 * movement * Math.Sin(2 * Math.PI * 0.13 * time));
            Cv2.Ellipse(frame, middle, new Size(52, 68), 0, 0, 360, skin, -1);
            Cv2.Randn(grain, Scalar.All(0), Scalar.All(Grain));
            Cv2.Add(frame, grain, grain);
            grain.ConvertTo(bytes, MatType.CV_8UC3);
            writer.Write(bytes);
        }
    }
}
