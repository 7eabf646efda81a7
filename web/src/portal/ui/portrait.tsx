import { useState } from "react";
import mark from "../../shared/mark.svg";
import { samePlace } from "../api/client";
import type { Replica } from "../api/types";

/** The face of a replica, or the mark where it has no picture. */
export function Portrait({ replica, className }: { replica: Replica | undefined; className: string }) {
  const [broken, setBroken] = useState(false);
  const url = replica?.thumbnail_image_url;
  if (!url || broken) {
    return (
      <span className={`portrait none ${className}`}>
        <img src={mark} alt="" />
      </span>
    );
  }
  return (
    <span className={`portrait ${className}`}>
      <img src={samePlace(url, "/files/")} alt="" loading="lazy" onError={() => setBroken(true)} />
    </span>
  );
}
