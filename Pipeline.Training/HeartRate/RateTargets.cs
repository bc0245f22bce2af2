using Pipeline.Models.Features;
using Pipeline.Training.Torch;
using static TorchSharp.torch;

namespace Pipeline.Training.HeartRate;

/// <summary>What a batch should have answered.</summary>
/// <param name="Soft">[batch, windows, 85]: a Gaussian about the reference, sum 1; 0 without one.</param>
/// <param name="Near">The same shape: 1 within ±10 per minute of the reference.</param>
/// <param name="Mask">[batch, windows]: 1 where there is a reference.</param>
/// <param name="Judged">[batch, windows]: 1 where the trust is judged: with a reference, and where there is no heart (a reference of 0).</param>
/// <param name="Place">[batch, windows]: the reference on the axis of rates.</param>
internal sealed record RateTargets(Tensor Soft, Tensor Near, Tensor Mask, Tensor Judged, Tensor Place)
{
    private const int Rates = RateFeatures.RateCount;
    private const double TargetSd = 1.2;   // rates, that is 3 bpm
    private const double NearRates = 4;
    private const double WithinRates = 5 / RateFeatures.StepPerMinute;
    private const double DistanceWeight = 0.6;

    /// <summary>The targets for references [batch x windows], per minute, NaN where there is none, 0 where there is no heart.</summary>
    public static RateTargets Of(float[] labels, Device device)
    {
        var soft = new float[labels.Length * Rates];
        var near = new float[labels.Length * Rates];
        var mask = new float[labels.Length];
        var judged = new float[labels.Length];
        var place = new float[labels.Length];
        for (var i = 0; i < labels.Length; i++)
        {
            if (float.IsNaN(labels[i]))
                continue;
            judged[i] = 1;
            if (labels[i] <= 0)
                continue;
            mask[i] = 1;
            var at = (labels[i] - RateFeatures.FirstPerMinute) / RateFeatures.StepPerMinute;
            place[i] = (float)at;
            double sum = 0;
            for (var k = 0; k < Rates; k++)
                sum += soft[i * Rates + k] = (float)Math.Exp(-0.5 * (k - at) * (k - at) / (TargetSd * TargetSd));
            for (var k = 0; k < Rates; k++)
            {
                soft[i * Rates + k] /= (float)sum;
                near[i * Rates + k] = Math.Abs(k - at) <= NearRates ? 1 : 0;
            }
        }
        Tensor Make(float[] data, params long[] shape) => tensor(data, shape.AsSpan()).to(device);
        const int size = RateBatch.Size, windows = RateBatch.Windows;
        return new RateTargets(Make(soft, size, windows, Rates), Make(near, size, windows, Rates), Make(mask, size, windows),
            Make(judged, size, windows), Make(place, size, windows));
    }

    /// <summary>
    /// Cross-entropy against the Gaussian, plus the distance (in rates) of the belief's centre near the reference, plus the cross-entropy
    /// of the trust against "the answer is within 5 per minute", times <paramref name="trustWeight"/>; and the error of the answer's greatest rate, per minute.
    /// </summary>
    public BatchLoss Loss(Tensor logits, Tensor answer, Tensor trust, double trustWeight)
    {
        var count = Mask.sum().clamp(min: 1);
        var entropy = -(logits.log_softmax(2) * Soft).sum(2);
        var probability = logits.softmax(2);
        var nearby = probability * Near;
        var mass = nearby.sum(2);
        var axis = arange(0, Rates, float32).to(logits.device);
        var centre = (nearby * axis).sum(2) / (mass + (1e-6));
        var known = (mass.detach() > 0.3).to(float32);
        var distance = (centre - Place).abs() * known;
        using var still = no_grad();
        var best = answer.argmax(2).to(float32);
        var off = (best - Place).abs();
        var within = (off < WithinRates).to(float32) * Mask;
        var error = (off * Mask).sum() * RateFeatures.StepPerMinute / count;
        using var again = enable_grad();
        var trusted = nn.functional.binary_cross_entropy_with_logits(trust, within, reduction: nn.Reduction.None);
        return new BatchLoss(((entropy + distance * DistanceWeight) * Mask + trusted * Judged * trustWeight).sum() / count, error);
    }
}
