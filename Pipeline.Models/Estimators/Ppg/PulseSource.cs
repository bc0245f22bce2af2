using Pipeline.Models.Signals;

namespace Pipeline.Models.Estimators.Ppg;

/// <summary>What <see cref="PpgStage"/> takes a pulse from: up to <see cref="PpgStage.MaxPulseChannels"/> signals that a pulse
/// moves.</summary>
internal abstract class PulseSource
{
    /// <summary>The kind that its estimates and pulses bear.</summary>
    public abstract SignalKind Signal { get; }

    /// <summary>How many signals.</summary>
    public abstract int Count { get; }

    /// <summary>
    /// Samples at a window's end that the next window gives anew, in better form: the detectors of pulses hear them then. 0 where the
    /// signals are what came.
    /// </summary>
    public virtual int Delay => 0;

    /// <summary>
    /// Writes the window's samples of a signal, <paramref name="samples"/> as long as the window; NaN where one is missing. False where the
    /// device says that the sensor is off.
    /// </summary>
    public abstract bool TryCopy(in Window window, int signal, Span<float> samples);

    /// <summary>Numbers of <see cref="TryDescribe"/>.</summary>
    public const int Described = 5;

    /// <summary>
    /// Writes what tells a pulse of <paramref name="rate"/> per minute from what else moves the signals, in the window that was copied
    /// last; false where nothing but an accelerometer does.
    /// </summary>
    public virtual bool TryDescribe(double rate, Span<double> numbers) => false;

    /// <summary>Most deviation of an interval, as a part of it, at which the count of the pulses is finer than the spectra.</summary>
    public virtual double MostIrregularity => 0.04;

    /// <summary>Frequency above which the detectors of pulses hear nothing, Hz.</summary>
    public virtual double CutoffHz => 7;

    /// <summary>
    /// Whether, when it becomes known that there is a pulse, the pulses of the window and of as long before it are given that were not: a
    /// recording of a minute has none to spare.
    /// </summary>
    public virtual bool RecallsPulses => false;

    /// <summary>Whether a signal without movement stands at the limit of its numbers.</summary>
    public abstract bool IsAtLimit(in Window window, int signal);
}

/// <summary>The first PPG channels of a device, as they came.</summary>
internal sealed class PpgChannels : PulseSource
{
    private readonly int[] _channels;

    private PpgChannels(int[] channels) => _channels = channels;

    /// <summary>Those of <paramref name="channels"/>.</summary>
    /// <exception cref="ArgumentException">No PPG channel, or a rate too low.</exception>
    public static PpgChannels Of(ChannelLayout channels, double rateHz)
    {
        ArgumentNullException.ThrowIfNull(channels);
        if (!(rateHz >= PpgStage.MinRateHz))
            throw new ArgumentException($"{rateHz} Hz; pulses need {PpgStage.MinRateHz} Hz or more.", nameof(rateHz));
        var found = channels.IndicesOf(SignalKind.Ppg);
        return found.Length > 0
            ? new PpgChannels(found[..Math.Min(found.Length, PpgStage.MaxPulseChannels)])
            : throw new ArgumentException("None of the channels is a PPG.", nameof(channels));
    }

    /// <inheritdoc/>
    public override SignalKind Signal => SignalKind.Ppg;

    /// <inheritdoc/>
    public override int Count => _channels.Length;

    /// <inheritdoc/>
    public override bool TryCopy(in Window window, int signal, Span<float> samples)
    {
        var channel = _channels[signal];
        window.CopyPhysical(channel, 0, samples);
        PpgDropouts.Remove(samples, window.RateHz);
        return (window.LeadOff >> channel & 1) == 0;
    }

    /// <inheritdoc/>
    public override bool IsAtLimit(in Window window, int signal) =>
        window.Format == SampleFormat.Int16
        && window.Int16(_channels[signal]).IndexOfAny(short.MaxValue, (short)(short.MinValue + 1)) >= 0;
}
