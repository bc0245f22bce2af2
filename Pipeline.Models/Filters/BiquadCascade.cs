namespace Pipeline.Models.Filters;

/// <summary>
/// A causal recursive filter as a chain of second-order sections, computed in float64. The coefficients are immutable and may be shared; the
/// state is the caller's, a span of <see cref="StateLength"/> numbers, so that a patient's filter costs no object.
/// <para>
/// The first sample that is there sets the state as if it had been there for ever: no step at the start. A missing sample (NaN) comes out as
/// NaN; inside, the last sample that was there is held, so that a short gap leaves only a small transient. Allocates nothing.
/// </para>
/// </summary>
public sealed class BiquadCascade
{
    private readonly Biquad[] _sections;

    /// <summary>A chain of <paramref name="sections"/>, in this order.</summary>
    /// <exception cref="ArgumentException">No section, a number that is not finite, or a pole on or outside the unit circle.</exception>
    public BiquadCascade(params Biquad[] sections)
    {
        ArgumentNullException.ThrowIfNull(sections);
        if (sections.Length == 0)
            throw new ArgumentException("One section or more is wanted.", nameof(sections));
        foreach (var s in sections)
            if (!double.IsFinite(s.B0 + s.B1 + s.B2) || !(Math.Abs(s.A2) < 1 && Math.Abs(s.A1) < 1 + s.A2))
                throw new ArgumentException($"{s} is no stable section.", nameof(sections));
        _sections = [.. sections];
    }

    /// <summary>The sections.</summary>
    public ReadOnlySpan<Biquad> Sections => _sections;

    /// <summary>Numbers of state: the input that is held, and two a section.</summary>
    public int StateLength => 1 + 2 * _sections.Length;

    /// <summary>Makes <paramref name="state"/> that of a filter that has seen nothing.</summary>
    /// <exception cref="ArgumentException">The state has another length than <see cref="StateLength"/>.</exception>
    public void Reset(Span<double> state)
    {
        Check(state);
        state.Fill(double.NaN);
    }

    /// <summary>Filters the next samples.</summary>
    /// <param name="samples">Input; NaN is missing.</param>
    /// <param name="filtered">Output, as long as the input; may be the same memory.</param>
    /// <param name="state">State, [<see cref="StateLength"/>]: from <see cref="Reset"/>, then handed on from call to call.</param>
    /// <exception cref="ArgumentException">Spans of a wrong length.</exception>
    public void Filter(ReadOnlySpan<float> samples, Span<float> filtered, Span<double> state)
    {
        Check(state);
        if (filtered.Length != samples.Length)
            throw new ArgumentException($"{samples.Length} samples need as much room; {filtered.Length} was given.", nameof(filtered));
        ref var held = ref state[0];
        var delays = state[1..];
        for (var i = 0; i < samples.Length; i++)
        {
            var x = samples[i];
            var missing = float.IsNaN(x);
            if (!missing)
            {
                if (double.IsNaN(held))
                    Settle(x, delays);
                held = x;
            }
            filtered[i] = double.IsNaN(held) ? float.NaN : Step(held, delays, missing);
        }
    }

    // Transposed direct form II: two delays a section.
    private float Step(double x, Span<double> delays, bool missing)
    {
        for (var s = 0; s < _sections.Length; s++)
        {
            ref readonly var c = ref _sections[s];
            var y = c.B0 * x + delays[2 * s];
            delays[2 * s] = c.B1 * x - c.A1 * y + delays[2 * s + 1];
            delays[2 * s + 1] = c.B2 * x - c.A2 * y;
            x = y;
        }
        return missing ? float.NaN : (float)x;
    }

    // The delays after x was put in for ever.
    private void Settle(double x, Span<double> delays)
    {
        for (var s = 0; s < _sections.Length; s++)
        {
            ref readonly var c = ref _sections[s];
            var y = c.GainAtZero * x;
            delays[2 * s] = y - c.B0 * x;
            delays[2 * s + 1] = c.B2 * x - c.A2 * y;
            x = y;
        }
    }

    private void Check(Span<double> state)
    {
        if (state.Length != StateLength)
            throw new ArgumentException($"State of {StateLength} numbers is wanted; {state.Length} were given.", nameof(state));
    }
}
