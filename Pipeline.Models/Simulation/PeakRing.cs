namespace Pipeline.Models.Simulation;

/// <summary>The R peaks of the last 32 beats of a heart, in seconds since the simulation's start.</summary>
internal sealed class PeakRing
{
    private const int Size = 32;

    private readonly double[] _peaks = new double[Size];

    /// <summary>Peaks so far.</summary>
    public long Count { get; private set; }

    /// <summary>Index of the oldest peak that is there.</summary>
    public long Oldest => Math.Max(0, Count - Size);

    /// <summary>The newest; minus infinity before the first.</summary>
    public double Last => Count == 0 ? double.NegativeInfinity : this[Count - 1];

    /// <summary>Peak <paramref name="index"/>, from <see cref="Oldest"/>.</summary>
    public double this[long index] => _peaks[index & (Size - 1)];

    /// <summary>Adds a peak after all others.</summary>
    public void Add(double seconds) => _peaks[Count++ & (Size - 1)] = seconds;

    /// <summary>Mean rate of the newest <paramref name="intervals"/> up to a moment, per minute; NaN where there are not as many.</summary>
    public double RateAt(double seconds, int intervals)
    {
        var index = IndexAt(seconds);
        return index - intervals < Oldest ? double.NaN : 60 * intervals / (this[index] - this[index - intervals]);
    }

    /// <summary>
    /// Copies the peaks from the last one at or before <paramref name="from"/> to the first one after <paramref name="to"/>, which must be
    /// there; answers how many.
    /// </summary>
    public int Copy(double from, double to, Span<double> peaks)
    {
        var count = 0;
        for (var index = IndexAt(from); index < Count; index++)
        {
            peaks[count++] = this[index];
            if (this[index] > to)
                break;
        }
        return count;
    }

    /// <summary>Index of the last peak at or before a moment; that of the oldest where there is none.</summary>
    private long IndexAt(double seconds)
    {
        var index = Count - 1;
        while (index > Oldest && this[index] > seconds)
            index--;
        return index;
    }
}
