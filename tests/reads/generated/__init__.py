"""Operations generated over the whole schema, answered by compiler and reference alike."""
