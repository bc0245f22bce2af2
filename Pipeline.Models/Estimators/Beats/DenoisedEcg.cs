namespace Pipeline.Models.Estimators.Beats;

/// <summary>
/// The denoised leads of a stream, sample by sample, from the denoised waves of its beats (<see cref="EncodedBeat.Waves"/>). Two waves that overlap are cross-faded where the one beat's T wave ends and the
/// other one's P wave begins; between two that do not, the leads are straight. NaN where no beat is near: nothing is said of a standstill, of fibrillation and of what could not be read.
/// </summary>
/// <param name="rateHz">Samples per second.</param>
/// <param name="leads">Leads, 1 or 2.</param>
public sealed class DenoisedEcg(double rateHz, int leads)
{
    private const double Fade = 0.05;               // s
    private const double Longest = 3;               // s from beat to beat: beyond, they are not joined
    private const double Part = BeatCut.SecondsAfter / (BeatCut.SecondsAfter + BeatCut.SecondsBefore);

    private EncodedBeat? _before;
    private long _next;

    /// <summary>Takes the next beat: the samples before it are added to <paramref name="samples"/>, [lead][sample].</summary>
    public void Add(EncodedBeat beat, IReadOnlyList<List<float>> samples)
    {
        ArgumentNullException.ThrowIfNull(beat);
        ArgumentNullException.ThrowIfNull(samples);
        if (_before is not null && beat.SampleIndex <= _before.SampleIndex)
            return;
        AddUpTo((long)Math.Ceiling(beat.SampleIndex), beat, samples);
        _before = beat;
    }

    /// <summary>No beat follows: adds what is left of <paramref name="count"/> samples.</summary>
    public void Finish(long count, IReadOnlyList<List<float>> samples)
    {
        ArgumentNullException.ThrowIfNull(samples);
        AddUpTo(count, null, samples);
    }

    private void AddUpTo(long end, EncodedBeat? after, IReadOnlyList<List<float>> samples)
    {
        for (; _next < end; _next++)
            for (var lead = 0; lead < leads; lead++)
                samples[lead].Add(At(lead, after));
    }

    private float At(int lead, EncodedBeat? after)
    {
        var before = _before is { } one && lead < one.Waves.Count ? one.Waves[lead] : null;
        var behind = after is not null && lead < after.Waves.Count ? after.Waves[lead] : null;
        var since = before is null ? double.PositiveInfinity : (_next - _before!.SampleIndex) / rateHz;     // there is a wave, so there is a beat
        var until = behind is null ? double.PositiveInfinity : (after!.SampleIndex - _next) / rateHz;
        var interval = since + until;
        if (interval > Longest)
            return since <= BeatCut.SecondsAfter ? Read(before!, since) : until <= BeatCut.SecondsBefore ? Read(behind!, -until) : float.NaN;
        var length = BeatCut.SecondsAfter + BeatCut.SecondsBefore;
        // Of an interval longer than a beat the rest is straight; of a shorter one the middle is faded.
        var share = interval < length
            ? Math.Clamp((since - Part * interval) / Fade + 0.5, 0, 1)
            : Math.Clamp((since - BeatCut.SecondsAfter) / Math.Max(interval - length, 1 / rateHz), 0, 1);
        return (float)((1 - share) * Read(before!, since) + share * Read(behind!, -until));
    }

    /// <summary>A wave at a time from its R peak, by cubic interpolation (Catmull and Rom 1974).</summary>
    private static float Read(float[] wave, double seconds)
    {
        var at = Math.Clamp(BeatCut.Before + seconds * BeatCut.RateHz, 0, wave.Length - 1);
        var i = Math.Min((int)at, wave.Length - 2);
        var t = (float)(at - i);
        var (a, b, c, d) = (wave[Math.Max(i - 1, 0)], wave[i], wave[i + 1], wave[Math.Min(i + 2, wave.Length - 1)]);
        return b + 0.5f * t * (c - a + t * (2 * a - 5 * b + 4 * c - d + t * (3 * (b - c) + d - a)));
    }
}
