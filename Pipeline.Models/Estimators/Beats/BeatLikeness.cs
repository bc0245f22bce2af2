namespace Pipeline.Models.Estimators.Beats;

/// <summary>How a beat compares with the usual one of its patient, over the leads; see <see cref="BeatForms.Compare"/>.</summary>
internal struct BeatLikeness
{
    /// <summary>Best, and mean, correlation of the QRS complexes.</summary>
    public float Qrs, MeanQrs;

    /// <summary>Best, and mean, correlation from P to T wave.</summary>
    public float Whole, MeanWhole;

    /// <summary>Least, and mean, difference of the QRS complexes, RMS, as a part of the usual one's.</summary>
    public float Off, MeanOff;

    /// <summary>The same from P to T wave.</summary>
    public float WholeOff, MeanWholeOff;

    /// <summary>The same of the P wave.</summary>
    public float AtrialOff, MeanAtrialOff;

    /// <summary>Least difference of ST segment and T wave.</summary>
    public float RepolarizationOff;

    /// <summary>Best, and mean, correlation of the P waves.</summary>
    public float Atrial, MeanAtrial;

    /// <summary>Mean correlation of ST segments and T waves.</summary>
    public float MeanRepolarization;

    /// <summary>Logarithm of the size of the QRS complex over the usual one's: mean, largest and least of the leads.</summary>
    public float MeanSize, LargestSize, LeastSize;

    /// <summary>Logarithm of its width over the usual one's, mean; and its own, s.</summary>
    public float MeanWidth, Width;

    /// <summary>Correlation with the form that it is like; how often that form comes against the usual one, logarithm; whether it is the usual one.</summary>
    public float Own, OwnShare, IsUsual;
}
