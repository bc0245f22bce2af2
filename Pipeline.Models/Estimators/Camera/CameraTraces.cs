using System.Numerics;
using System.Numerics.Tensors;
using Pipeline.Models.Estimators.Ppg;
using Pipeline.Models.Signals;

namespace Pipeline.Models.Estimators.Camera;

/// <summary>
/// A camera's mean red, green and blue as signals that a pulse moves. A fingertip on the lens lets red light through: its colours are taken
/// as they come. Of a face they are projected (<see cref="ColourProjection"/>). Which of the two it is is decided by the colours
/// themselves. Frames that are missing are bridged for the projection, and missing again in what comes out.
/// </summary>
internal sealed class CameraTraces : PulseSource
{
    // Red over the mean of green and blue: 3.5 or more of fingertips before a lamp, up to 1.8 of faces; between the two it stays as it was.
    private const float FingertipRatio = 2.6f, FaceRatio = 2.2f;

    private const float Darkest = 2, Brightest = 253;      // means, of 0 to 255, between which a pulse leaves a trace
    private const float DarkestFace = 10;

    /// <summary>The projections of a face that are estimated from.</summary>
    private static readonly ColourMethod[] FaceMethods = [ColourMethod.Pos, ColourMethod.GreenLessRed, ColourMethod.GreenLessBlue];

    [ThreadStatic]
    private static float[]? _ofThread;

    private readonly int[] _channels;           // red, green and blue; of a device with fewer colours those
    private readonly ColourMethod[] _methods;
    private readonly double _rateHz;
    private readonly int _stretch;
    private int _length;                        // of the window that was looked at
    private bool _isFingertip;

    /// <summary>Of a device's <paramref name="channels"/>, the first three of a camera where there are more.</summary>
    /// <param name="channels">They have one of a camera.</param>
    /// <param name="rateHz">Frames per second.</param>
    /// <param name="methods">How faces are projected, three; null for what every stream uses.</param>
    public CameraTraces(ChannelLayout channels, double rateHz, ColourMethod[]? methods = null)
    {
        _channels = ColoursOf(channels);
        _rateHz = rateHz;
        _stretch = ColourProjection.StretchOf(rateHz);
        _methods = methods ?? FaceMethods;
    }

    /// <inheritdoc/>
    public override SignalKind Signal => SignalKind.Camera;

    /// <inheritdoc/>
    public override int Count => _channels.Length;

    /// <inheritdoc/>
    public override int Delay => _isFingertip ? 0 : _stretch;

    /// <inheritdoc/>
    public override double MostIrregularity => 0.15;

    /// <inheritdoc/>
    public override double CutoffHz => 5;

    /// <inheritdoc/>
    public override bool RecallsPulses => true;

    /// <summary>Whether the last window was of a fingertip.</summary>
    public ref bool IsFingertip => ref _isFingertip;

    /// <summary>Looks at a window before its signals are asked for: the frames' colours, and whether they are a fingertip's.</summary>
    public void Look(in Window window)
    {
        var length = _length = window.Length;
        for (var c = 0; c < Count; c++)
            window.CopyPhysical(_channels[c], 0, FramesOf(length, c));
        if (Count < 3)
            _isFingertip = true;
        else if (MeanOf(length, 0) is > 0 and var red && (MeanOf(length, 1) + MeanOf(length, 2)) / 2 is >= 0 and var others)
            _isFingertip = red >= (_isFingertip ? FaceRatio : FingertipRatio) * others;
    }

    /// <inheritdoc/>
    public override bool TryCopy(in Window window, int signal, Span<float> samples)
    {
        var length = window.Length;
        var isOn = (window.LeadOff >> _channels[signal] & 1) == 0;
        FramesOf(length, signal).CopyTo(samples);
        if (_isFingertip)
            return isOn && !(MeanOf(length, signal) < Darkest);
        Span<float> colours = stackalloc float[3 * length];
        for (var c = 0; c < 3; c++)
        {
            var colour = colours.Slice(c * length, length);
            FramesOf(length, c).CopyTo(colour);
            if (MeanOf(length, c) is >= DarkestFace and < Brightest && PpgChannelCheck.TryBridge(colour))
                continue;
            FramesOf(length, c).CopyTo(samples);        // which says what is wrong with it
            return isOn && !(MeanOf(length, c) < DarkestFace);
        }
        ColourProjection.Make(_methods[signal], colours, window.StartIndex, window.RateHz, samples);
        for (var i = 0; i < length; i++)
            if (!float.IsFinite(FramesOf(length, 0)[i]))
                samples[i] = float.NaN;
        return isOn;
    }

    /// <summary>
    /// How green goes with red and with blue at the rate. Blood takes more from green than from blue, and least from red; a shine of the
    /// light's own colour adds most to blue: then green less red and green less blue are of opposite signs. Colours of screens and signs
    /// are of any, and stronger than a pulse.
    /// </summary>
    public override bool TryDescribe(double rate, Span<double> numbers)
    {
        const double strongest = 6, least = 1e-7;
        numbers.Clear();
        numbers[0] = _isFingertip ? 1 : 0;
        if (Count < 3)
            return true;
        var (red, green, blue) = (AtRate(0, rate), AtRate(1, rate), AtRate(2, rate));
        var (lessRed, lessBlue) = (green - red, green - blue);
        var (ofRed, ofBlue) = (lessRed.Magnitude + least, lessBlue.Magnitude + least);
        numbers[1] = (lessRed * Complex.Conjugate(lessBlue)).Real / (ofRed * ofBlue);
        numbers[2] = Math.Tanh(Math.Log(ofBlue / ofRed));
        numbers[3] = Math.Min(strongest, Math.Log10(ofRed / least));
        numbers[4] = Math.Tanh(Math.Log((red + green + blue).Magnitude / (ofRed + ofBlue) + least));
        return true;
    }

    /// <summary>Amplitude of a colour at a rate, as a part of its mean.</summary>
    private Complex AtRate(int colour, double rate)
    {
        var frames = FramesOf(_length, colour);
        var mean = MeanOf(_length, colour);
        var turn = Complex.FromPolarCoordinates(1, 2 * Math.PI * rate / 60 / _rateHz);
        var taperTurn = Complex.FromPolarCoordinates(1, 2 * Math.PI / frames.Length);
        Complex sum = 0, at = 1, taper = 1;
        foreach (var frame in frames)
        {
            if (float.IsFinite(frame))
                sum += (0.5 - 0.5 * taper.Real) * (frame - mean) * at;
            (at, taper) = (at * turn, taper * taperTurn);
        }
        return mean > 0 ? 4 / (frames.Length * mean) * sum : 0;
    }

    /// <inheritdoc/>
    public override bool IsAtLimit(in Window window, int signal)
    {
        for (var c = 0; c < Count; c++)
            if (MeanOf(window.Length, c) >= Brightest && (!_isFingertip || c == signal))
                return true;
        return false;
    }

    private static int[] ColoursOf(ChannelLayout channels)
    {
        var found = channels.IndicesOf(SignalKind.Camera);
        if (found.Length == 0)
            throw new ArgumentException("None of the channels is a camera's.", nameof(channels));
        if (found.Length < 3)
            return found;
        // By their names (R, red), else in the order in which they came.
        int[] named = [.. "RGB".SelectMany(name => found.Where(c => char.ToUpperInvariant(channels[c].Label.FirstOrDefault()) == name).Take(1))];
        return named.Length == 3 ? named : found[..3];
    }

    private static Span<float> FramesOf(int length, int colour)
    {
        if (_ofThread is null || _ofThread.Length < 3 * length)
            _ofThread = new float[3 * length];
        return _ofThread.AsSpan(colour * length, length);
    }

    /// <summary>Mean of the frames that are there; NaN where none is.</summary>
    private static float MeanOf(int length, int colour)
    {
        var frames = FramesOf(length, colour);
        if (TensorPrimitives.Sum<float>(frames) / frames.Length is var mean && float.IsFinite(mean))
            return mean;
        var (sum, count) = (0f, 0);
        foreach (var frame in frames)
            if (float.IsFinite(frame))
                (sum, count) = (sum + frame, count + 1);
        return sum / count;
    }
}
