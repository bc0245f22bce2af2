using static TorchSharp.torch;

namespace Pipeline.Training.Torch;

/// <summary>Numbers out of tensors.</summary>
internal static class TensorValues
{
    /// <summary>A copy of the elements as float32, row-major, whatever the layout, the type and the device.</summary>
    public static float[] ToArray(this Tensor tensor)
    {
        using var scope = NewDisposeScope();
        return tensor.detach().cpu().to(float32).contiguous().data<float>().ToArray();
    }
}
