using System.Runtime.InteropServices;
using Google.Protobuf;
using Pipeline.Training.Export.Onnx;

namespace Pipeline.Training.Explanation;

/// <summary>
/// A network that has learnt nothing, of the same sizes and with the same distribution of weights: an explanation of it must differ (Adebayo et al. 2018, arXiv:1810.03292).
/// </summary>
internal static class ShuffledWeights
{
    private const int Float = 1;
    private const int FewestWeights = 32;       // less are shapes, limits and biases

    /// <summary>The ONNX file with the numbers of each of its larger constants in another order, by <paramref name="seed"/>.</summary>
    public static byte[] Of(ReadOnlySpan<byte> model, int seed)
    {
        var random = new Random(seed);
        var file = ModelProto.Parser.ParseFrom(model);
        foreach (var constant in file.Graph.Initializer.Where(one => one.DataType == Float && one.RawData.Length >= FewestWeights * sizeof(float)))
        {
            var values = MemoryMarshal.Cast<byte, float>(constant.RawData.Span).ToArray();
            random.Shuffle(values);
            constant.RawData = ByteString.CopyFrom(MemoryMarshal.AsBytes<float>(values));
        }
        return file.ToByteArray();
    }
}
