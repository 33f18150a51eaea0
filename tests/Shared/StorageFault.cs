namespace AaClip.Tests;

/// <summary>What goes wrong between a client and storage.</summary>
internal enum StorageFault
{
    /// <summary>500, without having done anything.</summary>
    Error500,

    /// <summary>503 and Retry-After, without having done anything.</summary>
    Busy503,

    /// <summary>The request is lost: nothing is done, no answer comes.</summary>
    LostRequest,

    /// <summary>It is done, and the answer is lost: the client repeats what has happened already.</summary>
    LostAnswer,

    /// <summary>The connection breaks in the middle of the answer's body.</summary>
    BrokenBody,

    /// <summary>Half of the body comes as if it were all of it.</summary>
    HalfBody,

    /// <summary>A page of something that stands between, with 200.</summary>
    Page200,

    /// <summary>A page of something that stands between, with 404.</summary>
    Page404,
}
