namespace Pipeline.Models.Estimators;

/// <summary>Quality of a window.</summary>
/// <param name="Value">0 (nothing to be had) to 1.</param>
/// <param name="Coverage">Part of the samples, of all used channels, that were there.</param>
/// <param name="Fault">What is plainly wrong with every channel, or <c>Ok</c>.</param>
internal readonly record struct QualityVerdict(double Value, double Coverage, EstimateStatus Fault);
