using System.Text.Json.Serialization;

namespace AaClip.Scoring.Packages;

/// <summary>How the weights of a package are stored and multiplied.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<Precision>))]
public enum Precision
{
    /// <summary>float32 throughout: same results as the published code.</summary>
    [JsonStringEnumMemberName("fp32")]
    Fp32,

    /// <summary>float16 weights and activations, norms and scores in float32: for CUDA.</summary>
    [JsonStringEnumMemberName("fp16")]
    Fp16,

    /// <summary>
    /// int8 weights with one scale per output channel, activations quantised at run time; attention, norms and heads in float32: for CPUs.
    /// </summary>
    [JsonStringEnumMemberName("int8")]
    Int8,
}

/// <summary>The activation function of the towers' MLPs (specification 0.1 and 8, row 1).</summary>
[JsonConverter(typeof(JsonStringEnumConverter<Activation>))]
public enum Activation
{
    /// <summary>Exact GELU, x·½(1 + erf(x/√2)): used by the published code.</summary>
    [JsonStringEnumMemberName("gelu")]
    Gelu,

    /// <summary>
    /// x·sigmoid(1.702 x): used in OpenAI's training of CLIP. Adapters work only with the activation they were trained with.
    /// </summary>
    [JsonStringEnumMemberName("quickgelu")]
    QuickGelu,
}
